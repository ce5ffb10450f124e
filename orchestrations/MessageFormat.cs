namespace Larder.Orchestrations;

/// <summary>Names and counts as error messages and job details show them.</summary>
internal static class MessageFormat
{
    private const int MaxShown = 30;
    private const int MaxLength = 60;

    /// <summary>A name from a file or request: quoted, shortened and without control characters.</summary>
    public static string Shown(string name)
    {
        var shown = name.Length > MaxLength ? $"{name[..MaxLength]}..." : name;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))}'";
    }

    /// <summary>Names, as <see cref="Shown"/> has each; at most 30 of them.</summary>
    public static string List(IEnumerable<string> names)
    {
        var all = names.Take(MaxShown + 1).Select(Shown).ToList();
        return all.Count > MaxShown ? string.Join(", ", all.Take(MaxShown)) + ", ..." : string.Join(", ", all);
    }

    /// <summary>A count with its noun, in the plural by an s.</summary>
    public static string Count(long count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A count with its noun, whose plural has more than an s.</summary>
    public static string Count(long count, string noun, string nouns) => FormattableString.Invariant($"{count} {(count == 1 ? noun : nouns)}");
}
