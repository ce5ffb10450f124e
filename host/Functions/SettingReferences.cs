using Microsoft.Extensions.Configuration;

namespace Larder.Host.Functions;

/// <summary>The <c>%Name%</c> in a trigger attribute's text: the value of the setting of that name, as in the Functions host.</summary>
internal static class SettingReferences
{
    /// <exception cref="FormatException">A setting is missing, or a % has no other end: a sentence.</exception>
    public static string Fill(string text, IConfiguration settings)
    {
        var parts = text.Split('%');
        if (parts.Length % 2 == 0)
            throw new FormatException($"'{text}' has a % without another: the name of a setting stands between two.");

        // Every second part stood between two signs.
        for (var i = 1; i < parts.Length; i += 2)
        {
            parts[i] = settings[parts[i]] is { Length: > 0 } value
                ? value
                : throw new FormatException($"'{text}' names the setting '{parts[i]}', which has no value.");
        }

        return string.Concat(parts);
    }
}
