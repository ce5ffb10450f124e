using Quickenshtein;

namespace Larder.Functions.Http;

/// <summary>"Did you mean": the known name that a wrong one is nearest to.</summary>
internal static class NearestName
{
    /// <summary>How many letters differ (the edit distance, ignoring case); null when they are too many for a slip.</summary>
    public static int? Distance(string given, string known)
    {
        var most = Math.Max(1, known.Length / 3);
        // What a caller sends may be long, and the distance takes the product of both lengths.
        if (Math.Abs(given.Length - known.Length) > most)
            return null;
        var distance = Levenshtein.GetDistance(given.ToLowerInvariant(), known.ToLowerInvariant());
        return distance <= most ? distance : null;
    }

    /// <summary>The nearest of some names; null when none is near.</summary>
    public static string? Of(string given, IEnumerable<string> known) =>
        known.Select(name => (Name: name, Distance: Distance(given, name))).Where(one => one.Distance is not null).OrderBy(one => one.Distance).FirstOrDefault().Name;
}
