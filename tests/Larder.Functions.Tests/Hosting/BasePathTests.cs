using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Hosting;

/// <summary>A Larder that a reverse proxy shows below a path, over HTTPS: what it answers leads back through the proxy.</summary>
public sealed partial class BasePathTests : IAsyncLifetime
{
    private const string Token = "lrd_of-the-tests-of-the-base-path";
    private const string TokenHash = "65ec0947d13924a16013569da72a2cf735875d90cd46da315860ddc14a253c78";

    private LarderProcess? _larder;

    public async Task InitializeAsync()
    {
        _larder = await LarderProcess.StartAsync(
            await Azurite.AccountAsync(),
            ("SelfHost:PathBase", "/team/larder"), ("SelfHost:KnownProxies", "127.0.0.1,::1"), ("Access:AdminTokenSha256", TokenHash));
    }

    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }

    [Fact]
    public async Task Every_address_in_an_answer_leads_back_through_the_proxy()
    {
        // Browsers are led to the pages, and from there to the form for signing in, whether the proxy keeps the path or removes it.
        Assert.Equal("/team/larder/ui/models", (await GetAsync("team/larder/", accept: "text/html")).Headers.Location!.OriginalString);
        Assert.Equal("/team/larder/ui/models", (await GetAsync("", accept: "text/html")).Headers.Location!.OriginalString);
        var signIn = (await GetAsync("team/larder/ui/models", token: false, accept: "text/html")).Headers.Location!.OriginalString;
        Assert.Equal("/team/larder/ui/sign-in?to=%2Fui%2Fmodels", signIn);

        // All that the form links to is there, and its cookies are for the path, over HTTPS.
        using var form = await GetAsync(signIn[1..], token: false);
        var page = await form.Content.ReadAsStringAsync();
        var links = Link().Matches(page).Select(match => match.Groups["path"].Value).Distinct().ToList();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.StartsWith("/team/larder/", link, StringComparison.Ordinal));
        foreach (var asset in links.Where(link => link.Contains("/assets/", StringComparison.Ordinal)))
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(asset[1..], token: false)).StatusCode);
        var cookies = form.Headers.GetValues("Set-Cookie").ToList();

        // Signing in leads to the page that was asked for, and the session's cookie goes to this path alone.
        using var sent = new HttpRequestMessage(HttpMethod.Post, "team/larder/ui/sign-in")
        {
            Content = new FormUrlEncodedContent([new("token", Token), new("to", "/ui/models"), new("form-token", FormToken().Match(page).Groups["value"].Value)]),
            Headers = { { "Origin", "https://larder.example.com" }, { "Cookie", string.Join("; ", cookies.Select(cookie => cookie.Split(';')[0])) } },
        };
        using var signedIn = await SendAsync(sent);
        Assert.Equal((HttpStatusCode.SeeOther, "/team/larder/ui/models"), (signedIn.StatusCode, signedIn.Headers.Location?.OriginalString));
        var session = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("larder-session=", StringComparison.Ordinal));
        Assert.Contains("path=/team/larder", session, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("secure", session, StringComparison.OrdinalIgnoreCase);

        // The API: what was made, and where clients of the OpenAPI document send their requests.
        using var put = new HttpRequestMessage(HttpMethod.Put, "team/larder/api/v1/models/iris")
        {
            Content = new ByteArrayContent(OnnxModel.Linear()),
        };
        using var made = await SendAsync(put, token: true);
        Assert.Equal("/team/larder/api/v1/models/iris:1", made.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(made.Headers.Location.OriginalString[1..])).StatusCode);
        foreach (var document in new[] { "team/larder/openapi.json", "team/larder/api/v1/models/iris/openapi.json" })
            Assert.Equal("/team/larder", $"{JsonNode.Parse(await (await GetAsync(document)).Content.ReadAsStringAsync())!["servers"]![0]!["url"]}");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("team/larder/ajax-api/2.0/mlflow/experiments/search?max_results=1")).StatusCode);

        // The page of the API finds its own scripts.
        var reference = await (await GetAsync("team/larder/reference", token: false)).Content.ReadAsStringAsync();
        Assert.Contains("<script src=\"/team/larder/reference/start.js\">", reference, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("team/larder/reference/start.js", token: false)).StatusCode);
    }

    private Task<HttpResponseMessage> GetAsync(string path, bool token = true, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.Add("Accept", accept);
        return SendAsync(request, token);
    }

    // As the proxy hands it on.
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool token = false)
    {
        request.Headers.Host = "larder.example.com";
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        request.Headers.Add("X-Forwarded-Proto", "https");
        if (token)
            request.Headers.Add("Authorization", $"Bearer {Token}");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, disposeHandler: false);
        request.RequestUri = new Uri(_larder!.Client.BaseAddress!, request.RequestUri ?? new Uri("", UriKind.Relative));
        return await client.SendAsync(request);
    }

    [GeneratedRegex("""(?:href|src|action)="(?<path>/[^"]*)["]""")]
    private static partial Regex Link();

    [GeneratedRegex("""name="form-token"[^>]*value="(?<value>[^"]+)["]""")]
    private static partial Regex FormToken();
}
