using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>docs/api.md lists the routes of docs/access.md, which FunctionAccessTests compares with the functions.</summary>
public sealed partial class ApiPageTests
{
    [Fact]
    public void The_page_lists_every_route_and_no_other()
    {
        var access = RoleRow().Matches(Repository.Read("docs/access.md")).SelectMany(row => Routes(row.Value)).ToHashSet();
        var api = Routes(Repository.Read("docs/api.md")).ToHashSet();

        Assert.True(access.Count > 40, $"The patterns of this test find {access.Count} routes only.");
        Assert.Equal([], access.Except(api));
        Assert.Equal([], api.Except(access));
    }

    private static IEnumerable<string> Routes(string text) => Route().Matches(text).Select(match => match.Groups["route"].Value);

    [GeneratedRegex(@"^\| (?:none|reader|predictor|contributor|admin) \| `.*$", RegexOptions.Multiline)]
    private static partial Regex RoleRow();

    [GeneratedRegex("`(?<route>(?:GET|PUT|POST|PATCH|DELETE) /[^` ]*)`")]
    private static partial Regex Route();
}
