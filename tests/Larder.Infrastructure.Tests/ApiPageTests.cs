using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>docs/api.md lists the routes of docs/reference/routes.md, which is made of the functions.</summary>
public sealed partial class ApiPageTests
{
    [Fact]
    public void The_page_lists_every_route_and_no_other()
    {
        var reference = Routes(Repository.Read("docs/reference/routes.md")).ToHashSet();
        var api = Routes(Repository.Read("docs/api.md")).ToHashSet();

        Assert.True(reference.Count > 40, $"The pattern of this test finds {reference.Count} routes only.");
        Assert.Equal([], reference.Except(api));
        Assert.Equal([], api.Except(reference));
    }

    private static IEnumerable<string> Routes(string text) => Route().Matches(text).Select(match => match.Groups["route"].Value);

    [GeneratedRegex("`(?<route>(?:GET|PUT|POST|PATCH|DELETE) /[^` ]*)`")]
    private static partial Regex Route();
}
