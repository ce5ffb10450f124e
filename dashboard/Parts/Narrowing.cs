using System.Text.RegularExpressions;

namespace Larder.Dashboard.Parts;

/// <summary>
/// The conditions of a filter, so that a link can add one or take one away. It knows of the search grammar only where a condition ends; whether the filter is valid,
/// the server's parser says.
/// </summary>
internal static partial class Narrowing
{
    /// <summary>The conditions that all must hold; a filter whose parts are joined by <c>OR</c> is one condition, in parentheses.</summary>
    public static IReadOnlyList<string> Conditions(string filter)
    {
        var (conditions, begin, depth) = (new List<string>(), 0, 0);
        foreach (Match match in Boundary().Matches(filter))
        {
            switch (match.Value[0])
            {
                case '(':
                    depth++;
                    break;
                case ')':
                    depth--;
                    break;
                case 'o' or 'O' when depth == 0:
                    return [$"({filter.Trim()})"];
                case 'a' or 'A' when depth == 0:
                    conditions.Add(filter[begin..match.Index].Trim());
                    begin = match.Index + match.Length;
                    break;
            }
        }
        conditions.Add(filter[begin..].Trim());
        return [.. conditions.Where(condition => condition.Length > 0)];
    }

    /// <summary>The filter of <see cref="Conditions"/>.</summary>
    public static string Filter(IEnumerable<string> conditions) => string.Join(" AND ", conditions);

    /// <summary>The condition that exactly the hits with a value of a facet fulfil; null where the grammar cannot say it.</summary>
    /// <param name="facet">The name of the facet: an attribute, or <c>tag</c>, whose values are <c>key:value</c>.</param>
    /// <param name="value">The value.</param>
    public static string? Condition(string facet, string value)
    {
        if (facet != "tag")
            return $"{facet} = {Quoted(value)}";
        // A key can have a colon, too: the value is that of any of these tags.
        var tags = value.Index().Where(one => one.Item == ':' && one.Index > 0).Select(one => (Key: value[..one.Index], Value: value[(one.Index + 1)..])).ToList();
        if (tags.Count == 0 || tags.Exists(tag => tag.Key.Contains('`', StringComparison.Ordinal)))
            return null;
        var any = string.Join(" OR ", tags.Select(tag => $"tags.`{tag.Key}` = {Quoted(tag.Value)}"));
        return tags.Count > 1 ? $"({any})" : any;
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    // What is quoted is matched too, so that nothing in it is taken for a boundary.
    [GeneratedRegex("""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[()]|(?<![\w.\-/])(?:AND|OR)(?![\w.\-/])""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Boundary();
}
