using System.Net;
using System.Net.Http.Json;
using Larder.Functions.Http;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>Text that callers wrote stays text in pages.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class HostileTextTests(DashboardFixture larder)
{
    private const string Script = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">'\"&";

    [BrowserFact]
    public async Task What_is_stored_is_shown_as_it_is()
    {
        await larder.UploadAsync("hostile");
        await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync("/api/v1/models/hostile", new { model_description = Script, owner = Script, tags = new Dictionary<string, string> { [Script[..40]] = Script } }));
        var experiment = (await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync("/api/2.0/mlflow/experiments/create", new { name = Script }))).GetProperty("experiment_id").GetString()!;
        var run = (await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = experiment, run_name = Script }))).GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;
        await DashboardFixture.OkAsync(await larder.Api.PostAsJsonAsync("/api/2.0/mlflow/runs/log-batch", new { run_id = run, @params = new[] { new { key = "p", value = Script } }, tags = new[] { new { key = "t", value = Script } } }));

        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address });
        var page = await context.NewPageAsync();
        foreach (var path in new[] { "/ui/models/hostile", "/ui/models", "/ui/experiments", $"/ui/experiments/{experiment}", $"/ui/runs/{run}", $"/ui/models?filter={Uri.EscapeDataString(Script)}", $"/ui/jobs?text={Uri.EscapeDataString(Script)}",
            "/ui/search?q=hostile", $"/ui/search?q={Uri.EscapeDataString(Script)}", $"/ui/search?filter={Uri.EscapeDataString(Script)}&order={Uri.EscapeDataString(Script)}&metric={Uri.EscapeDataString(Script)}" })
        {
            await page.GotoAsync(path);
            Assert.EndsWith("· Larder", await page.TitleAsync(), StringComparison.Ordinal);
            Assert.Equal(0, await page.Locator("main img[src='x']").CountAsync());
        }
        await page.GotoAsync("/ui/models/hostile");
        await Assertions.Expect(page.Locator("p.lead").First).ToHaveTextAsync(Script);
    }

    [BrowserFact]
    public async Task What_is_in_a_path_or_a_query_is_refused_or_found_and_never_fails_the_server()
    {
        string[] texts = ["%3Cscript%3E", "%00", "%0d%0aSet-Cookie:a=b", "..%2f..%2fetc", "%FF%FE", new string('a', 3000), "'%20OR%201=1", "%F0%9F%98%80"];
        foreach (var route in new RouteTable().Pages.Where(route => route.Methods.Contains("GET")))
            foreach (var text in texts)
            {
                var path = route.Path;
                foreach (var name in new[] { "{model}", "{reference}", "{job}", "{experiment}", "{run}", "{schedule}", "{file}", "{type}" })
                    path = path.Replace(name, text);
                foreach (var address in new[] { path, $"{path}?unknown={text}", $"{path}?filter={text}&cursor={text}", $"{path}?cursor={text}" })
                {
                    using var answer = await larder.Api.GetAsync(address);
                    Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{address}: {(int)answer.StatusCode}");
                    Assert.False(answer.Headers.Contains("Set-Cookie") && answer.Headers.GetValues("Set-Cookie").Any(cookie => cookie.StartsWith("a=b", StringComparison.Ordinal)));
                }
            }
    }

    [BrowserFact]
    public async Task A_parameter_that_a_page_does_not_have_is_refused()
    {
        using var answer = await larder.Api.GetAsync("/ui/jobs?stat=failed");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("&#x27;stat&#x27; is not known here", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
