using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>Every page in four variants: light and dark, narrow and wide. Screenshots go to the folder in <c>LARDER_SCREENSHOTS</c>, where it is set.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class PageTests(DashboardFixture larder)
{
    // Given to each page once: the package's own run hands half a megabyte of script to the page for each variant.
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    // What passed is not described: that takes most of the time.
    private const string SeriousFindings = """
        async () => JSON.stringify((await axe.run(document, { resultTypes: ['violations'] })).violations
            .filter(violation => ['serious', 'critical'].includes(violation.impact))
            .map(violation => `${violation.id}: ${violation.nodes.map(node => node.html).join(' | ')}`))
        """;

    private static readonly (ColorScheme Scheme, int Width)[] Variants =
        [(ColorScheme.Light, 360), (ColorScheme.Dark, 360), (ColorScheme.Light, 2560), (ColorScheme.Dark, 2560)];

    public static TheoryData<string> Names => [.. Pages.Keys];

    private static Dictionary<string, Func<DashboardFixture, string>> Pages { get; } = new()
    {
        ["models"] = _ => "/ui/models",
        ["models-filtered"] = _ => "/ui/models?filter=name%20LIKE%20'%25iri%25'",
        ["models-none"] = _ => "/ui/models?filter=name%20%3D%20'nothing'",
        ["models-wrong-filter"] = _ => "/ui/models?filter=name%20LIKE",
        ["model"] = larder => $"/ui/models/{larder.Model}",
        ["version"] = larder => $"/ui/models/{larder.Model}:1",
        ["card"] = larder => $"/ui/models/{larder.Model}/card",
        ["lineage"] = _ => "/ui/lineage/model/trained",
        ["search"] = larder => $"/ui/search?q={larder.Model}",
        ["search-chosen"] = _ => "/ui/search?kind=run,job&filter=state%20!%3D%20'FAILED'&metric=loss&direction=min",
        ["search-none"] = _ => "/ui/search?q=no-such-word",
        ["search-wrong-filter"] = _ => "/ui/search?q=iris&filter=state%20LIKE",
        ["try"] = larder => $"/ui/models/{larder.Model}/try",
        ["try-image"] = _ => "/ui/models/digits/try",
        ["upload"] = _ => "/ui/upload",
        ["train"] = _ => "/ui/train",
        ["submit-score"] = larder => $"/ui/submit/score?model={larder.Model}",
        ["submit-drift"] = _ => "/ui/submit/drift?model=trained",
        ["submit-export"] = _ => "/ui/submit/export",
        ["submit-import"] = _ => "/ui/submit/import",
        ["jobs"] = _ => "/ui/jobs",
        ["job"] = larder => $"/ui/jobs/{larder.Job}",
        ["experiments"] = _ => "/ui/experiments",
        ["experiment"] = larder => $"/ui/experiments/{larder.Experiment}",
        ["compare"] = larder => $"/ui/experiments/{larder.Experiment}/compare?{string.Join('&', larder.Runs.Select(run => $"run={run}"))}",
        ["run"] = larder => $"/ui/runs/{larder.Run}",
        ["run-curves"] = larder => $"/ui/runs/{larder.Runs[0]}",
        ["datasets"] = _ => "/ui/datasets",
        ["schedules"] = _ => "/ui/schedules",
        ["schedule"] = larder => $"/ui/schedules/{larder.Schedule}",
        ["operations"] = _ => "/ui/operations",
        ["audit"] = _ => "/ui/audit",
        ["missing"] = _ => "/ui/models/no-such-model",
    };

    [BrowserTheory]
    [MemberData(nameof(Names))]
    public async Task Is_accessible_and_readable_in_light_and_dark_narrow_and_wide(string name)
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address, ReducedMotion = ReducedMotion.Reduce });
        var page = await context.NewPageAsync();
        var problems = new List<string>();
        // What the content security policy refuses is written to the console, too. That the page's own address is not found is what one of them shows.
        page.Console += (_, message) => { if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) problems.Add(message.Text); };
        page.PageError += (_, error) => problems.Add(error);
        page.Response += (_, response) => { if (response.Status >= 400 && response.Request.ResourceType != "document") problems.Add($"{response.Status} {response.Url}"); };

        var answer = await page.GotoAsync(Pages[name](larder), new PageGotoOptions { WaitUntil = WaitUntilState.Load });
        Assert.Equal(name switch { "missing" => 404, "models-wrong-filter" or "search-wrong-filter" => 422, _ => 200 }, answer!.Status);
        await page.EvaluateAsync(Axe);
        foreach (var (scheme, width) in Variants)
        {
            await page.SetViewportSizeAsync(width, width < 500 ? 800 : 1400);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            if (Environment.GetEnvironmentVariable("LARDER_SCREENSHOTS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
            Assert.True(await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth") <= width, $"The page is wider than the window of {width} pixels.");
            var found = JsonSerializer.Deserialize<string[]>(await page.EvaluateAsync<string>(SeriousFindings));
            Assert.True(found!.Length == 0, $"{scheme} {width}: {string.Join("; ", found)}");
        }
        Assert.Empty(problems);
    }

    [BrowserFact]
    public async Task A_browser_gets_the_pages_at_the_front_door_and_other_clients_what_they_always_got()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        Assert.EndsWith("/ui/models", page.Url, StringComparison.Ordinal);
        Assert.Contains("Greetings", await larder.Api.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Jobs_by_month_and_owner_are_a_chart_whose_parts_are_the_rows_of_the_table()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address, JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/operations");

        var month = DateTime.UtcNow.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture);
        var chart = page.GetByRole(AriaRole.Img, new() { Name = "Jobs by month and owner, months in UTC" });
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", $"Jobs by month and owner, months in UTC, {month} to {month}; the table has the numbers");
        var rows = page.Locator("section[aria-labelledby=jobs] tbody tr");
        var cells = new List<string>();
        foreach (var row in await rows.AllAsync())
        {
            var texts = await row.Locator("th, td").AllTextContentsAsync();
            cells.Add($"{texts[0].Trim()}, {texts[1].Trim()}: {texts[2].Trim()}");
        }
        Assert.NotEmpty(cells);
        Assert.Equal(cells.Order(), (await chart.Locator("title").AllTextContentsAsync()).Order());
    }

    [BrowserFact]
    public async Task Times_are_in_the_readers_zone_with_UTC_on_hover()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address, TimezoneId = "Asia/Tokyo", Locale = "en-GB" });
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/runs/{larder.Runs[0]}");
        // 1,700,000,000 seconds after 1970.
        var time = page.Locator("time[datetime='2023-11-14T22:13:20Z']").First;
        Assert.Equal("2023-11-14 22:13:20 UTC", await time.GetAttributeAsync("title"));
        Assert.Contains("15 Nov 2023, 07:13:20", await time.TextContentAsync(), StringComparison.Ordinal);
    }
}
