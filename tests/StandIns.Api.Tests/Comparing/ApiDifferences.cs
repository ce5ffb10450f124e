using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests.Comparing;

/// <summary>Tells what of an API its package has not published.</summary>
internal static class ApiDifferences
{
    /// <returns>A sentence for each type and member that is not published; none when all are.</returns>
    public static IEnumerable<string> Find(IEnumerable<ApiType> types, PublishedApi published, IApiComparison comparison)
    {
        foreach (var type in types)
        {
            var name = PublishedApi.NameOf(type.Header);
            if (published.Find(name) is not { } official)
            {
                yield return $"{type.Header}: no such type is published.";
                continue;
            }

            if (!comparison.IsPublished(type, official))
                yield return $"{type.Header}: published is {official.Header}";
            foreach (var member in type.Members.Where(member => !comparison.IsPublished(member, official)))
                yield return $"{name}: '{member}' is not published.{Alike(member, official)}";
        }
    }

    // What was meant, most likely.
    private static string Alike(string member, ApiType official)
    {
        var name = SimpleName(member);
        var alike = official.Members.Where(other => SimpleName(other) == name).Select(other => $"{Environment.NewLine}    published: '{other}'");
        return string.Concat(alike);
    }

    private static string SimpleName(string member) => member.Split('(', '{', '=')[0].TrimEnd().Split(' ')[^1].Split('<')[0];
}
