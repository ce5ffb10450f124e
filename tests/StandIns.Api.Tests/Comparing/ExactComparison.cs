using System.Text.RegularExpressions;
using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests.Comparing;

/// <summary>
/// Line for line. A type may leave out bases that it does not need; all else that its line says, and every member's line, must be
/// published just so.
/// </summary>
internal sealed partial class ExactComparison : IApiComparison
{
    /// <inheritdoc/>
    public bool WithNullability => true;

    /// <inheritdoc/>
    public bool IsPublished(ApiType type, ApiType published)
    {
        var (ours, theirs) = (Parts(type.Header), Parts(published.Header));
        return ours.Declaration == theirs.Declaration && ours.Clauses == theirs.Clauses && ours.Bases.IsSubsetOf(theirs.Bases);
    }

    /// <inheritdoc/>
    public bool IsPublished(string member, ApiType published) => published.Members.Contains(member);

    private static (string Declaration, HashSet<string> Bases, string Clauses) Parts(string header)
    {
        // A delegate's line has its signature where others have their bases.
        var isDelegate = header.Contains(" delegate ", StringComparison.Ordinal);
        var rest = new[] { header.IndexOf(" where ", StringComparison.Ordinal), header.IndexOf("  [", StringComparison.Ordinal) }
            .Where(index => index >= 0).DefaultIfEmpty(header.Length).Min();
        var colon = isDelegate ? -1 : header[..rest].IndexOf(" : ", StringComparison.Ordinal);
        return colon < 0
            ? (header[..rest], [], Sorted(header[rest..]))
            : (header[..colon], [.. header[(colon + 3)..rest].SplitOutsideBrackets(',')], Sorted(header[rest..]));
    }

    // An attribute's arguments have no order.
    private static string Sorted(string clauses) => Usage().Replace(
        clauses, usage => $"[AttributeUsage({string.Join(", ", usage.Groups["arguments"].Value.Split(", ").Order(StringComparer.Ordinal))})]");

    [GeneratedRegex(@"\[AttributeUsage\((?<arguments>.*?)\)\]")]
    private static partial Regex Usage();
}
