using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>A server that asks for credentials.</summary>
public sealed class GuardedServer(DashboardFixture larder) : IAsyncLifetime
{
    /// <summary>The administrator's token.</summary>
    public const string Admin = "the administrator's token of these tests";

    private LarderProcess? _server;

    /// <summary>Calls its API as the administrator.</summary>
    public HttpClient Api => _server!.Client;

    /// <summary>Its address.</summary>
    public string Address => Api.BaseAddress!.ToString();

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        if (!Chromium.IsThere)
            return;
        _server = await LarderProcess.StartAsync(larder.NewStorage(), ("Access:AdminTokenSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Admin)))));
        Api.DefaultRequestHeaders.Authorization = new("Bearer", Admin);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

/// <summary>Who sees which pages, on a server that asks for credentials.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class SignInTests(DashboardFixture larder, GuardedServer server) : IClassFixture<GuardedServer>
{
    [BrowserFact]
    public async Task A_session_shows_what_its_role_may_do_and_ends_with_its_token()
    {
        var made = await DashboardFixture.OkAsync(await server.Api.PostAsJsonAsync("/api/v1/admin/tokens", new { name = "ann", role = "reader" }));
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = server.Address });
        var page = await context.NewPageAsync();

        // Asked for first; a wrong token is refused, and the page that was wanted comes after the right one.
        await page.GotoAsync("/ui/jobs?state=failed");
        await page.GetByLabel("Token or key").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not known");
        await page.GetByLabel("Token or key").FillAsync(made.GetProperty("token").GetString()!);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        Assert.EndsWith("/ui/jobs?state=failed", page.Url, StringComparison.Ordinal);

        // A reader's pages offer no changes, and are not given those of others.
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Train a model" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Audit" })).ToHaveCountAsync(0);
        Assert.Equal(403, (await page.GotoAsync("/ui/audit"))!.Status);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("admin");
        Assert.Equal(403, (await page.GotoAsync("/ui/upload"))!.Status);
        Assert.Equal(403, (await page.GotoAsync("/ui/submit/score"))!.Status);

        // The cookie has no token, and no script can read it.
        var cookie = (await context.CookiesAsync()).Single(one => one.Name == "larder-session");
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Lax, cookie.SameSite);
        Assert.DoesNotContain(made.GetProperty("token").GetString()!, cookie.Value, StringComparison.Ordinal);

        // It reads the API, and changes nothing there.
        Assert.Equal(200, (await context.APIRequest.GetAsync("/api/v1/models")).Status);
        Assert.Equal(401, (await context.APIRequest.PostAsync("/api/v1/jobs/0000/cancel")).Status);
        // A page that is asked for without a session opens no window of the browser's own.
        using var stranger = new HttpClient { BaseAddress = server.Api.BaseAddress };
        using var refused = await stranger.PostAsync("/ui/jobs/0000/cancel", new FormUrlEncodedContent([]));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Empty(refused.Headers.WwwAuthenticate);

        await DashboardFixture.OkAsync(await server.Api.DeleteAsync($"/api/v1/admin/tokens/{made.GetProperty("info").GetProperty("id").GetString()}"));
        await page.GotoAsync("/ui/models");
        await Assertions.Expect(page.GetByLabel("Token or key")).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task A_contributor_may_submit_a_scoring_and_no_export()
    {
        var made = await DashboardFixture.OkAsync(await server.Api.PostAsJsonAsync("/api/v1/admin/tokens", new { name = "con", role = "contributor" }));
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = server.Address });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/ui/jobs");
        await page.GetByLabel("Token or key").FillAsync(made.GetProperty("token").GetString()!);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Export models" })).ToHaveCountAsync(0);
        Assert.Equal(403, (await page.GotoAsync("/ui/submit/export"))!.Status);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("admin");

        // A form that is sent to another type than its page's is refused as well, and no job is made.
        await page.GotoAsync("/ui/submit/score");
        await page.EvaluateAsync("""
            () => {
              const form = document.querySelector('main form').cloneNode(true);
              form.action = '/ui/submit/export';
              form.querySelectorAll('label, input:not([type=hidden]), details').forEach(one => one.remove());
              document.querySelector('main form').replaceWith(form);
            }
            """);
        var answer = await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Score" }).ClickAsync(), one => one.Request.Method == "POST");
        Assert.Equal(403, answer.Status);
        Assert.Equal(0, (await DashboardFixture.OkAsync(await server.Api.GetAsync("/api/v1/jobs?type=export"))).GetProperty("total").GetInt32());
    }

    [BrowserFact]
    public async Task Signing_out_ends_the_session()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = server.Address });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        await page.GetByLabel("Token or key").FillAsync(GuardedServer.Admin);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Audit" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("You are signed out.");
        await page.GotoAsync("/ui/models");
        await Assertions.Expect(page.GetByLabel("Token or key")).ToBeVisibleAsync();
    }

    [BrowserTheory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/ui/")]
    [InlineData("/ui/../../elsewhere")]
    [InlineData("/\\elsewhere.example/ui/")]
    [InlineData("/api/v1/models")]
    public async Task Signing_in_leads_to_no_other_place_than_a_page(string target)
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = server.Address });
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/ui/sign-in?to={Uri.EscapeDataString(target)}");
        await page.GetByLabel("Token or key").FillAsync(GuardedServer.Admin);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Models" })).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Every_form_is_refused_without_its_token()
    {
        using var client = new HttpClient { BaseAddress = server.Api.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", GuardedServer.Admin);
        await DashboardFixture.OkAsync(await client.PutAsync("/api/v1/models/guarded", new ByteArrayContent(await File.ReadAllBytesAsync(DashboardFixture.Sample("iris", "iris.onnx")))));
        foreach (var path in new RouteTable().Pages.Where(route => route.Methods.Contains("POST")).Select(route => route.Path))
        {
            var address = path.Replace("{model}", "guarded").Replace("{reference}", "guarded").Replace("{job}", new string('a', 32)).Replace("{schedule}", new string('a', 32)).Replace("{type}", "score");
            HttpContent[] bodies =
            [
                new FormUrlEncodedContent([new("alias", "champion"), new("version", "1"), new("token", GuardedServer.Admin), new("values", "[[1,2,3,4]]"), new("form-token", "made up")]),
                new MultipartFormDataContent { { new StringContent("other"), "model" }, { new ByteArrayContent([1]), "path", "a.onnx" } },
                new MultipartFormDataContent { { new StringContent("made up"), "form-token" }, { new ByteArrayContent(await File.ReadAllBytesAsync(DashboardFixture.Sample("digits", "files", "4.png"))), "image", "4.png" } },
            ];
            foreach (var body in bodies)
            {
                using var answer = await client.PostAsync(address, body);
                Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity, $"{address}: {(int)answer.StatusCode}");
            }
        }

        var model = (await DashboardFixture.OkAsync(await client.GetAsync("/api/v1/models/guarded"))).GetProperty("model");
        Assert.Empty(model.GetProperty("aliases").EnumerateObject());
        var models = await DashboardFixture.OkAsync(await client.GetAsync("/api/v1/models"));
        Assert.Equal(1, models.GetProperty("model_list").GetArrayLength());
        var jobs = await DashboardFixture.OkAsync(await client.GetAsync("/api/v1/jobs"));
        Assert.Equal(0, jobs.GetProperty("total").GetInt32());
    }
}
