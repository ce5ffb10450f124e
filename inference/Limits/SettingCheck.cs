using Microsoft.Extensions.Options;

namespace Larder.Inference.Limits;

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
