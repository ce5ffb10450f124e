using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Access;

/// <summary>Access where it depends on how the host runs.</summary>
public sealed class AccessHostTests
{
    [Fact]
    public async Task In_Azure_behind_authentication_the_principal_s_role_counts()
    {
        await using var larder = await LarderProcess.StartAsync(
            await Azurite.AccountAsync(),
            ("WEBSITE_SITE_NAME", "larder"),
            ("WEBSITE_AUTH_ENABLED", "True"),
            ("Jobs:Backend", "container-instances"),
            ("Jobs:ContainerInstances:SubscriptionId", "00000000-0000-0000-0000-0000000000aa"),
            ("Jobs:ContainerInstances:ResourceGroup", "jobs"),
            ("Jobs:ContainerInstances:Location", "westeurope"),
            ("FunctionKeys:default", "front-door"),
            ("Access:ClientPrincipal", "true"),
            ("Access:AppRoles:Larder.Write", "contributor"));

        async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string? principal)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { { "x-functions-key", "front-door" } } };
            if (principal is not null)
                request.Headers.TryAddWithoutValidation("X-MS-CLIENT-PRINCIPAL", principal);
            using var answer = await larder.Client.SendAsync(request);
            return answer.StatusCode;
        }

        var reader = CallersTests.Principal(("roles", "reader"), ("oid", "1"));
        var writer = CallersTests.Principal(("roles", "Larder.Write"), ("oid", "2"));

        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "/api/v1/models", reader));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Delete, "/api/v1/models/x:1", reader));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(HttpMethod.Delete, "/api/v1/models/x:1", writer));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Get, "/api/v1/models", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(HttpMethod.Get, "/api/v1/models", "forged"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, "/healthz", "forged"));

        // Browsers: the page to sign in leads to the platform's, and pages of who signed in there to the end of its session.
        using var page = new HttpRequestMessage(HttpMethod.Get, "/ui/models") { Headers = { { "X-MS-CLIENT-PRINCIPAL", reader } } };
        using var shown = await larder.Client.SendAsync(page);
        Assert.Contains("href=\"/.auth/logout?post_logout_redirect_uri=%2Fui%2Fsign-in\"", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("href=\"/.auth/login/aad?post_login_redirect_uri=%2Fui%2Fjobs%3Fstate%3Dfailed\"", await larder.Client.GetStringAsync("/ui/sign-in?to=%2Fui%2Fjobs%3Fstate%3Dfailed"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_calls_too_often_is_told_when_to_come_back_and_others_and_probes_are_not()
    {
        await using var larder = await LarderProcess.StartAsync(
            await Azurite.AccountAsync(),
            ("FunctionKeys:busy", "busy-key"), ("FunctionKeys:quiet", "quiet-key"), ("Limits:Rate:PerSecond", "1"), ("Limits:Rate:Burst", "5"));

        Task<Answer> AskAsync(string key) => larder.Client.SendJsonAsync(HttpMethod.Get, "/api/test", null, ("x-functions-key", key));
        var answers = new List<Answer>();
        for (var i = 0; i < 20; i++)
            answers.AddRange(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync("busy-key"))));
        var quiet = await AskAsync("quiet-key");
        var probes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => larder.Client.GetJsonAsync("/healthz")));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests], answers.Select(answer => answer.Status).Distinct().Order());
        Assert.All(answers.Where(answer => answer.Status == HttpStatusCode.TooManyRequests), answer =>
        {
            Assert.Equal((429, "busy sends requests faster than this server takes them."), (answer.Code, answer.Description));
            Assert.True(answer.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        });
        Assert.Equal(HttpStatusCode.OK, quiet.Status);
        Assert.All(probes, probe => Assert.Equal(HttpStatusCode.OK, probe.Status));
    }

    [Fact]
    public async Task Where_the_host_asks_for_no_key_roles_do_as_soon_as_they_are_given()
    {
        await using var larder = await LarderProcess.StartAsync(
            await Azurite.AccountAsync(), ("Access:Keys:me:Role", "reader"), ("Access:Keys:me:Sha256", CallersTests.Hash("mine")));

        Task<Answer> AskAsync(HttpMethod method, string? key) =>
            larder.Client.SendJsonAsync(method, "/api/v1/models/x:1", null, key is null ? [] : [("x-functions-key", key)]);

        var none = await AskAsync(HttpMethod.Get, null);
        Assert.Equal(HttpStatusCode.Unauthorized, none.Status);
        Assert.StartsWith("This needs the role reader, and the request has no credentials. Send a token or key as Authorization: Bearer TOKEN", none.Description);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(HttpMethod.Get, "other")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(HttpMethod.Get, "mine")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(HttpMethod.Delete, "mine")).Status);
    }

    [Fact]
    public async Task A_name_without_a_key_keeps_the_host_from_starting()
    {
        const string storage = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;";

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await (await LarderProcess.StartAsync(storage, ("Access:Keys:ci:Role", "admin"))).DisposeAsync());

        Assert.Contains("Setting Access:Keys:ci:Sha256: It is needed", error.Message);
    }

    [Fact]
    public async Task Log_lines_of_a_request_have_its_id_and_its_trace()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        const string parent = $"00-{trace}-b7ad6b7169203331-01";
        await using var azurite = await Azurite.StartAsync();
        await using var larder = await LarderProcess.StartAsync(azurite.ConnectionString, ("Store:Kind", "blobs"));

        using var form = new MultipartFormDataContent
        {
            { new StringContent("print(1)"), "script", "train.py" },
            { new StringContent("1"), "dataset", "data.csv" },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/train/logged") { Content = form };
        request.Headers.Add("x-request-id", "submitted-42");
        request.Headers.Add("traceparent", parent);
        var submitted = await larder.Client.SendAsync(request).ReadAnswerAsync();
        var job = (string)submitted.Body["job"]!["id"]!;
        await azurite.KillAsync();
        var made = await larder.Client.SendJsonAsync(HttpMethod.Get, "/api/v1/models/gone", null, ("traceparent", "nonsense"));
        var id = made.Headers.GetValues("x-request-id").Single();

        Assert.Equal(HttpStatusCode.Accepted, submitted.Status);
        Assert.Equal(parent, submitted.Headers.GetValues("traceparent").Single());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, made.Status);
        Assert.False(made.Headers.Contains("traceparent"));
        await LineAsync(larder, $"The job {job} (train of logged) is started.", $"RequestId:submitted-42 TraceId:{trace}");
        await LineAsync(larder, $"GetModel failed (request id {id})", $"RequestId:{id} ");
    }

    [Fact]
    public async Task Every_answer_has_the_headers_that_keep_browsers_from_making_more_of_it()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("FunctionKeys:default", "k"));
        larder.Client.DefaultRequestHeaders.Add("x-functions-key", "k");
        await larder.Client.UploadAsync("headed", OnnxModel.Linear());

        foreach (var path in new[] { "/", "/help", "/healthz", "/metrics", "/api/v1/models", "/api/v1/models/none", "/nothing", "/api/v1/models/headed/download" })
            await CheckAsync(new HttpRequestMessage(HttpMethod.Get, path), path.EndsWith("download") ? "no-cache, private" : "no-store");
        await CheckAsync(new HttpRequestMessage(HttpMethod.Post, "/api/v1/models/headed/prediction") { Content = new StringContent("""{"values":[1,2,3,4]}""") }, "no-store");
        larder.Client.DefaultRequestHeaders.Remove("x-functions-key");
        await CheckAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/models"), "no-store");

        async Task CheckAsync(HttpRequestMessage request, string caching)
        {
            using var answer = await larder.Client.SendAsync(request);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Equal(caching, string.Join(", ", answer.Headers.GetValues("Cache-Control").Single().Split(", ").Order()));
        }
    }

    [Fact]
    public async Task Without_keys_pages_of_other_sites_get_nothing_done()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("Access:AllowedHosts", "larder.test"));
        var own = larder.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

        Task<Answer> AskAsync(HttpMethod method, string path, params (string, string)[] headers) => larder.Client.SendJsonAsync(method, path, method == HttpMethod.Get ? null : """{"data":[1]}""", headers);
        const string echo = "/api/test/sendtomodelhost";

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Post, echo)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Post, echo, ("Origin", own))).Status);
        var cross = await AskAsync(HttpMethod.Post, echo, ("Origin", "https://evil.example"));
        Assert.Equal((HttpStatusCode.Forbidden, 403), (cross.Status, cross.Code));
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(HttpMethod.Post, echo, ("Origin", "null"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/api/test", ("Origin", "https://evil.example"))).Status);

        var rebound = await AskAsync(HttpMethod.Get, "/api/test", ("Host", "evil.example"));
        Assert.Equal((HttpStatusCode.Forbidden, "This server answers under the names of this machine only."), (rebound.Status, rebound.Description));
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(HttpMethod.Get, "/nothing", ("Host", "evil.example"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/api/test", ("Host", "larder.test"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/healthz", ("Host", "evil.example"))).Status);
    }

    // The log is another process's output, and comes when it comes.
    private static Task LineAsync(LarderProcess larder, string message, string scope) => Eventually.TrueAsync(() => Task.FromResult(
        larder.Log.Split('\n').Any(line => line.Contains(message, StringComparison.Ordinal) && line.Contains(scope, StringComparison.Ordinal))));
}
