using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;

namespace Larder.Functions.Tests.Reference;

/// <summary>docs/reference/routes.md: the functions' own declarations, with the section of docs/api.md that explains each.</summary>
public sealed partial class RoutesPageTests
{
    private static readonly List<RouteTable.Entry> Routes = [.. new RouteTable().Entries.Where(ApiDocument.Has)];

    [Fact]
    public void The_page_on_routes_is_that_of_this_build() => ReferenceFiles.Check("routes.md", Page());

    [Fact]
    public void Every_route_is_explained_in_the_page_on_the_API()
    {
        var explained = Explained();

        Assert.True(Routes.Count > 60, $"{Routes.Count}");
        Assert.All(Routes.SelectMany(Named), route => Assert.Contains(route, explained));
    }

    private static MarkdownPage Page()
    {
        var page = new MarkdownPage("Routes", "the declarations of the functions");
        page.Paragraph(
            "Every route with the role that a caller needs ([access.md](../access.md)), the name of its function and what it does. The last column leads to the section of [api.md](../api.md) that explains it. "
            + "`HEAD` is answered wherever `GET` is. MLflow's routes below `/api` are below `/ajax-api` too. The routes of the [web pages](../dashboard.md), below `/ui`, are no part of the API.");
        page.Paragraph("[openapi.json](../openapi.json) has parameters, bodies and answers too; `GET /help` on a running server answers this list.");
        var tags = Routes.GroupBy(ApiDocument.TagOf).OrderBy(tag => tag.Key, StringComparer.Ordinal).ToList();
        page.Paragraph(string.Join(" · ", tags.Select(tag => MarkdownPage.LinkTo(tag.Key))));
        var explained = Explained();
        foreach (var tag in tags)
        {
            page.Heading(tag.Key);
            page.Table(
                ["route", "role", "function", "what", "explained in"],
                tag.Select(route => new[]
                {
                    string.Join(", ", Named(route).Select(MarkdownPage.Code)), RoleNames.Of(route.Role), MarkdownPage.Code(route.Function), MarkdownPage.Plain(route.Summary),
                    string.Join(", ", Named(route).Select(named => explained[named]).Distinct().Select(section => MarkdownPage.LinkTo(section, "../api.md"))),
                }));
        }

        return page;
    }

    private static IEnumerable<string> Named(RouteTable.Entry route) => route.Methods.Select(method => $"{method} {route.Path}");

    // The first section of docs/api.md that lists a route in a table.
    private static Dictionary<string, string> Explained()
    {
        var sections = new Dictionary<string, string>();
        var section = "";
        foreach (var line in File.ReadLines(Path.Combine(ReferenceFiles.Docs, "api.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line[3..];
            if (line.StartsWith("| ", StringComparison.Ordinal))
            {
                foreach (Match route in Route().Matches(line))
                    sections.TryAdd(route.Groups["route"].Value, section);
            }
        }

        return sections;
    }

    [GeneratedRegex("`(?<route>[A-Z]+ /[^` ]*)`")]
    private static partial Regex Route();
}
