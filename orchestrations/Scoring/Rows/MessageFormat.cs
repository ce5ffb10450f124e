namespace Larder.Orchestrations.Scoring.Rows;

/// <summary>Names and numbers in sentences about data sets.</summary>
internal static class MessageFormat
{
    private const int MostShown = 30;
    private const int LongestShown = 60;

    /// <summary>A name that a file has, shortened and without what a terminal would obey.</summary>
    public static string Shown(string name)
    {
        var shown = name.Length > LongestShown ? $"{name[..LongestShown]}..." : name;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))}'";
    }

    /// <summary>Several names.</summary>
    public static string List(IEnumerable<string> names)
    {
        var all = names.Take(MostShown + 1).Select(Shown).ToList();
        return all.Count > MostShown ? string.Join(", ", all.Take(MostShown)) + ", ..." : string.Join(", ", all);
    }

    /// <summary>A count with its noun.</summary>
    public static string Count(long count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A count with its noun, where an s does not make a plural of that.</summary>
    public static string Count(long count, string noun, string nouns) => FormattableString.Invariant($"{count} {(count == 1 ? noun : nouns)}");
}
