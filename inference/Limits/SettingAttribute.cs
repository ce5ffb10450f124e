using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Larder.Inference.Limits;

/// <summary>What a setting's value must be. The message says it, and which value came; an absent value (null) is not checked.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class SettingAttribute : ValidationAttribute
{
    /// <summary>What would be right, to follow "It must be".</summary>
    protected abstract string Right { get; }

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
    protected override string Right => $"at least {Text(_least)}";

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
    protected override string Right => $"from {Text(_least)} to {Text(_most)}";

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
    protected override string Right => $"{string.Join(", ", texts[..^1])} or {texts[^1]}";

    /// <inheritdoc />
    protected override bool Accepts(object value) => texts.Contains(value);
}
