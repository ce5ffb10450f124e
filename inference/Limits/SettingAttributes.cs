using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Larder.Inference.Images;
using Larder.Inference.Validation;
using Microsoft.Extensions.Options;

namespace Larder.Inference.Limits;

/// <summary>What a setting's value must be. The message says it, and which value came; an absent value (null) is not checked.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class SettingAttribute : ValidationAttribute
{
    /// <summary>What would be right, to follow "It must be".</summary>
    public abstract string Right { get; }

    /// <summary>Whether the value is right.</summary>
    protected abstract bool Accepts(object value);

    /// <inheritdoc />
    protected sealed override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || Accepts(value)
            ? ValidationResult.Success
            : new ValidationResult($"It must be {Right}; got {Text(value)}.", [validationContext.MemberName!]);

    private protected static string Text(object value) =>
        value is string text ? $"'{text}'" : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}

/// <summary>A number, or a time as <c>hh:mm:ss</c>, from which on the setting's value is right.</summary>
public sealed class AtLeastAttribute : SettingAttribute
{
    private readonly IComparable _least;

    /// <summary>For a number of any type.</summary>
    public AtLeastAttribute(double least) => _least = least;

    /// <summary>For a time.</summary>
    public AtLeastAttribute(string least) => _least = TimeSpan.Parse(least, CultureInfo.InvariantCulture);

    /// <inheritdoc />
    public override string Right => $"at least {Text(_least)}";

    /// <inheritdoc />
    protected override bool Accepts(object value) => BetweenAttribute.IsOrdered(_least, value);
}

/// <summary>The numbers, or times as <c>hh:mm:ss</c>, between which the setting's value must be; both are right themselves.</summary>
public sealed class BetweenAttribute : SettingAttribute
{
    private readonly IComparable _least;
    private readonly IComparable _most;

    /// <summary>For a number of any type.</summary>
    public BetweenAttribute(double least, double most) => (_least, _most) = (least, most);

    /// <summary>For a time.</summary>
    public BetweenAttribute(string least, string most) =>
        (_least, _most) = (TimeSpan.Parse(least, CultureInfo.InvariantCulture), TimeSpan.Parse(most, CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public override string Right => $"from {Text(_least)} to {Text(_most)}";

    /// <inheritdoc />
    protected override bool Accepts(object value) => IsOrdered(_least, value) && !IsOrdered(_most, value, strictly: true);

    // Every number is compared as a double, of which NaN is below all others.
    internal static bool IsOrdered(IComparable least, object value, bool strictly = false)
    {
        var order = least.CompareTo(least is double ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : value);
        return strictly ? order < 0 : order <= 0;
    }
}

/// <summary>The texts of which the setting's value must be one.</summary>
/// <param name="texts">At least two, as they are written.</param>
public sealed class OneOfAttribute(params string[] texts) : SettingAttribute
{
    /// <inheritdoc />
    public override string Right => $"{string.Join(", ", texts[..^1])} or {texts[^1]}";

    /// <inheritdoc />
    protected override bool Accepts(object value) => texts.Contains(value);
}

/// <summary>Checks records of settings by their attributes, and names what is wrong by its whole key.</summary>
public static class SettingCheck
{
    /// <summary>A sentence for each wrong value; none when all are right.</summary>
    /// <param name="validator">The validator of the room that the record belongs to.</param>
    /// <param name="section">Where in the configuration the record comes from: <c>Limits:Image</c>.</param>
    /// <param name="settings">The record.</param>
    public static IReadOnlyList<string> Problems<T>(this IValidateOptions<T> validator, string section, T settings)
        where T : class =>
        [.. (validator.Validate(Options.DefaultName, settings).Failures ?? []).Select(failure => $"Setting {section}:{failure}")];

    /// <summary>Refuses wrong settings, for records that come from no configuration.</summary>
    /// <exception cref="OptionsValidationException">A value is wrong; the message has all of <see cref="Problems"/>.</exception>
    public static void Check<T>(this IValidateOptions<T> validator, string section, T settings)
        where T : class
    {
        if (validator.Problems(section, settings) is { Count: > 0 } problems)
            throw new OptionsValidationException(section, typeof(T), problems);
    }
}

/// <summary>Checks the settings of inference, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class InferenceSettingsValidator :
    IValidateOptions<InferenceLimits>,
    IValidateOptions<ValidationLimits>,
    IValidateOptions<ImageLimits>;
