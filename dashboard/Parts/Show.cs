using System.Globalization;

namespace Larder.Dashboard.Parts;

/// <summary>Values as pages show them.</summary>
internal static class Show
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes, with three digits and a binary unit.</summary>
    public static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < Units.Length - 1)
            (value, unit) = (value / 1024, unit + 1);
        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Units[unit]}");
    }

    /// <summary>A measured number, with at most six digits behind the point; an en dash for none.</summary>
    public static string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>How long something took.</summary>
    public static string Duration(DateTimeOffset? from, DateTimeOffset? to) => (to - from) switch
    {
        null => "–",
        { TotalSeconds: < 60 } span => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } span => string.Create(CultureInfo.InvariantCulture, $"{span.Minutes} min {span.Seconds} s"),
        { } span => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes} min"),
    };

    /// <summary>What a query has for a name, as it is typed into a form: several values with commas between them.</summary>
    public static string Value(IEnumerable<KeyValuePair<string, string>> query, string name) => string.Join(',', query.Where(one => one.Key == name).Select(one => one.Value));

    /// <summary>The query of a list without the place in it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> WithoutCursor(IEnumerable<KeyValuePair<string, string>> query) => query.Where(one => one.Key != "cursor");

    /// <summary>A text in SVG, whose element Razor takes for its own.</summary>
    /// <param name="x">Where it is, from the left.</param>
    /// <param name="y">Its base line, from the top.</param>
    /// <param name="text">The text, not escaped.</param>
    /// <param name="anchor">Which point of it is at <paramref name="x"/>: <c>start</c>, <c>middle</c> or <c>end</c>.</param>
    public static string SvgText(int x, int y, string text, string anchor) =>
        string.Create(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{System.Net.WebUtility.HtmlEncode(text)}</text>");

    /// <summary>A shape, with n for a variable dimension.</summary>
    public static string Shape(IReadOnlyList<long> shape) => shape.Count == 0 ? "scalar" : string.Join(" × ", shape.Select(size => size < 0 ? "n" : size.ToString(CultureInfo.InvariantCulture)));
}
