using Larder.Registry.Text;

namespace Larder.Orchestrations;

/// <summary>Names and counts as error messages and job details show them.</summary>
public static class MessageFormat
{
    private const int MaxShown = 30;

    /// <summary>Names, as <see cref="Quoted.Text"/> has each; at most 30 of them.</summary>
    public static string List(IEnumerable<string> names)
    {
        var all = names.Take(MaxShown + 1).Select(Quoted.Text).ToList();
        return all.Count > MaxShown ? string.Join(", ", all.Take(MaxShown)) + ", ..." : string.Join(", ", all);
    }

    /// <summary>A count with its noun, in the plural by an s.</summary>
    public static string Count(long count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A count with its noun, whose plural has more than an s.</summary>
    public static string Count(long count, string noun, string nouns) => FormattableString.Invariant($"{count} {(count == 1 ? noun : nouns)}");
}
