using System.Globalization;

namespace Larder.Cli.Output;

/// <summary>Values as people read them. What a server or a script wrote cannot steer the terminal.</summary>
internal static class Plain
{
    /// <summary>A text without control characters, but for tabs.</summary>
    public static string Text(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0 && text.AsSpan().IndexOfAnyInRange('\u007f', '\u009f') < 0
            ? text
            : string.Concat(text.Select(c => c == '\t' || !char.IsControl(c) ? c : c is '\n' or '\r' ? ' ' : '\ufffd'));

    /// <summary>A time in UTC, to the second.</summary>
    public static string? Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time in milliseconds since 1970, as MLflow has it.</summary>
    public static string? Time(long? milliseconds) => milliseconds is { } value ? Time(DateTimeOffset.FromUnixTimeMilliseconds(value)) : null;

    /// <summary>A whole number.</summary>
    public static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number.</summary>
    public static string? Number(double? number) => number?.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A size, as <c>12.3 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? size : Math.Round(size, 1))} {units[unit]}");
    }

    /// <summary>Names and values in one line.</summary>
    public static string Pairs<T>(IEnumerable<KeyValuePair<string, T>> pairs) =>
        string.Join(", ", pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")));
}
