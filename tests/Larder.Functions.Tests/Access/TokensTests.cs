using System.Net;
using System.Text;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Tokens;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Access;

/// <summary>Tokens against a running Larder: made, used, listed, revoked.</summary>
public sealed class TokensTests : IAsyncLifetime
{
    internal const string Admin = "lrd_administrator-of-the-tests-00000000000000000";

    private string _storage = "";
    private LarderProcess? _larder;

    private HttpClient Client => _larder!.Client;

    public async Task InitializeAsync()
    {
        _storage = await Azurite.AccountAsync();
        _larder = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }

    [Fact]
    public async Task A_token_is_shown_once_and_taken_in_each_way_that_clients_send_it()
    {
        var made = await MakeAsync("""{"name": "phone", "role": "predictor", "expires": "2999-01-01T00:00:00Z"}""", Client, key: "monday");
        var token = (string)made.Body["token"]!;
        var again = await MakeAsync("""{"name": "phone", "role": "predictor", "expires": "2999-01-01T00:00:00Z"}""", Client, key: "monday");
        await Client.SendJsonAsync(HttpMethod.Get, "/api/test", null, Bearer(token));
        var list = await AsAdminAsync(HttpMethod.Get, "/api/v1/admin/tokens");

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.True(CallerToken.IsToken(token));
        Assert.Equal((HttpStatusCode.OK, null), (again.Status, (string?)again.Body["token"]));
        Assert.Equal((string)made.Body["info"]!["id"]!, (string)again.Body["info"]!["id"]!);
        var listed = Assert.Single(list.Body["tokens"]!.AsArray())!;
        Assert.Equal(("phone", "predictor", "admin-token", false), ((string)listed["name"]!, (string)listed["role"]!, (string)listed["created_by"]!, (bool)listed["is_expired"]!));
        Assert.DoesNotContain(token[4..], list.Body.ToJsonString());
        foreach (var (name, header) in new[] { Bearer(token), ("authorization", $"bearer {token}"), Basic("", token), Basic("any-name", token), ("x-functions-key", token) })
            Assert.Equal(HttpStatusCode.OK, (await Client.SendJsonAsync(HttpMethod.Get, "/api/test", null, (name, header))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Client.GetJsonAsync($"/api/test?code={token}")).Status);
        var refused = await Client.SendJsonAsync(HttpMethod.Post, "/api/v1/schedules", "{}", Bearer(token));
        Assert.Equal((HttpStatusCode.Forbidden, "This needs the role contributor."), (refused.Status, refused.Description));
        await Eventually.TrueAsync(async () => (await AsAdminAsync(HttpMethod.Get, "/api/v1/admin/tokens")).Body["tokens"]![0]!["last_used"] is not null);
        Assert.DoesNotContain(token[4..], _larder!.Log);
    }

    [Fact]
    public async Task A_401_says_which_schemes_are_taken_and_what_was_wrong()
    {
        foreach (var header in new (string, string)[] { ("x", "y"), Bearer("lrd_wrong"), Bearer(CallerToken.NewSecret()), Basic("a", "b"), ("Authorization", "Digest x"), ("x-functions-key", "wrong") })
        {
            var answer = await Client.SendJsonAsync(HttpMethod.Get, "/api/v1/models", null, header);

            Assert.Equal((HttpStatusCode.Unauthorized, 401), (answer.Status, answer.Code));
            Assert.Equal(["Bearer realm=\"Larder\"", "Basic realm=\"Larder\", charset=\"UTF-8\""], answer.Headers.GetValues("WWW-Authenticate"));
            Assert.NotEmpty(answer.Description);
        }
    }

    [Fact]
    public async Task A_token_that_is_revoked_is_refused_here_at_once_and_elsewhere_soon_and_the_audit_log_has_it()
    {
        await using var other = await StartAsync(("Access:Tokens:SoftTtl", "00:00:01"), ("Access:Tokens:HardTtl", "00:00:02"));
        var made = await MakeAsync("""{"name": "ci", "role": "reader"}""", Client);
        var (token, id) = ((string)made.Body["token"]!, (string)made.Body["info"]!["id"]!);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Client, token));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(other.Client, token));

        var revoked = await AsAdminAsync(HttpMethod.Delete, $"/api/v1/admin/tokens/{id}");

        Assert.Equal((HttpStatusCode.OK, "The token ci is revoked"), (revoked.Status, revoked.Description));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Client, token));
        await Eventually.TrueAsync(async () => await AskAsync(other.Client, token) == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.NotFound, (await AsAdminAsync(HttpMethod.Delete, $"/api/v1/admin/tokens/{id}")).Status);
        var records = (await AsAdminAsync(HttpMethod.Get, $"/api/v1/audit?subject=token:{id}")).Body["records"]!.AsArray();
        Assert.Equal(["revoke", "create"], records.Select(record => (string)record!["what"]!));
        Assert.All(records, record => Assert.Equal("admin-token", (string)record!["who"]!));
    }

    [Fact]
    public async Task A_token_that_has_expired_is_401_and_says_so()
    {
        var made = await MakeAsync($$"""{"name": "short", "role": "reader", "expires": "{{DateTimeOffset.UtcNow.AddSeconds(15):O}}"}""", Client);
        var token = (string)made.Body["token"]!;

        await Eventually.TrueAsync(async () => await AskAsync(Client, token) == HttpStatusCode.Unauthorized);

        Assert.Equal("The token has expired.", (await Client.SendJsonAsync(HttpMethod.Get, "/api/test", null, Bearer(token))).Description);
        Assert.True((bool)(await AsAdminAsync(HttpMethod.Get, "/api/v1/admin/tokens")).Body["tokens"]![0]!["is_expired"]!);
    }

    [Fact]
    public async Task What_cannot_be_a_token_is_422_with_a_sentence()
    {
        foreach (var json in new[]
        {
            """{"name": "x"}""",
            """{"name": "x", "role": "owner"}""",
            """{"name": "x", "role": "none"}""",
            """{"name": "a b", "role": "reader"}""",
            """{"name": "x", "role": "reader", "expires": "2020-01-01T00:00:00Z"}""",
            """{"name": "x", "role": "reader", "scope": {}}""",
            """{"name": "x", "role": "reader", "scope": {"models": ["a"]}}""",
            """{"name": "x", "role": "reader", "sha256": "00"}""",
        })
        {
            var answer = await MakeAsync(json, Client);

            Assert.Equal((json, HttpStatusCode.UnprocessableEntity), (json, answer.Status));
            Assert.NotEmpty(answer.Description);
        }

        Assert.Empty((await AsAdminAsync(HttpMethod.Get, "/api/v1/admin/tokens")).Body["tokens"]!.AsArray());
    }

    [Fact]
    public async Task A_prediction_with_a_known_token_needs_no_storage()
    {
        await using var azurite = await Azurite.StartAsync();
        await using var larder = await LarderProcess.StartAsync(azurite.ConnectionString, ("Access:AdminTokenSha256", CallersTests.Hash(Admin)));
        var token = (string)(await MakeAsync("""{"name": "phone", "role": "predictor"}""", larder.Client)).Body["token"]!;
        using var form = new MultipartFormDataContent { { new ByteArrayContent(OnnxModel.Linear()), "path", "model.onnx" } };
        using var upload = new HttpRequestMessage(HttpMethod.Put, "/api/v1/models/warm") { Content = form };
        upload.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Admin}");
        using (var uploaded = await larder.Client.SendAsync(upload))
            Assert.Equal(HttpStatusCode.Created, uploaded.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PredictAsync()).Status);

        await azurite.KillAsync();

        Assert.Equal(HttpStatusCode.OK, (await PredictAsync()).Status);

        Task<Answer> PredictAsync() => larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/warm/prediction", """{"values":[1,2,3,4]}""", Bearer(token));
    }

    [Fact]
    public async Task Who_tries_tokens_is_slowed_down_and_counted_and_who_has_a_known_one_goes_on()
    {
        await using var slow = await StartAsync(("Limits:WrongCredentials:PerMinute", "5"));
        var token = (string)(await MakeAsync("""{"name": "good", "role": "reader"}""", slow.Client)).Body["token"]!;
        Assert.Equal(HttpStatusCode.OK, await AskAsync(slow.Client, token));

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            slow.Client.SendJsonAsync(HttpMethod.Get, "/api/test", null, i % 2 == 0 ? Bearer(CallerToken.NewSecret()) : ("x-functions-key", $"guess-{i}"))));

        Assert.InRange(answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized), 1, 10);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Unauthorized), answer =>
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, 429), (answer.Status, answer.Code));
            Assert.True(answer.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        });
        Assert.Equal(HttpStatusCode.OK, await AskAsync(slow.Client, token));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(slow.Client, Admin));
        Assert.Equal(HttpStatusCode.OK, (await slow.Client.GetJsonAsync("/healthz")).Status);
        Assert.Single(slow.Log.Split('\n'), line => line.Contains("requests with a wrong token or key came from", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_Azure_without_any_credentials_configured_every_route_but_the_probes_refuses()
    {
        await using var shut = await LarderProcess.StartAsync(_storage, AzureSettings);

        foreach (var route in new RouteTable().Entries)
            foreach (var method in route.Methods)
            {
                var path = route.Path.Replace("{*path}", "x").Replace("{reference}", "x").Replace("{model}", "x");
                using var answer = await shut.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
                var body = await answer.Content.ReadAsStringAsync();
                if (route.Path is "/health" or "/healthz" or "/ping" or "/readyz" or "/v2/health/live" or "/v2/health/ready")
                    Assert.NotEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
                else
                    Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized && body.Contains("Access:AdminTokenSha256", StringComparison.Ordinal), $"{method} {path}: {answer.StatusCode} {body}");
            }
        Assert.Equal(HttpStatusCode.Unauthorized, (await shut.Client.GetJsonAsync("/nothing")).Status);
        // What an administrator made while the setting was there.
        var token = (string)(await MakeAsync("""{"name": "left", "role": "reader"}""", Client)).Body["token"]!;
        Assert.Equal(HttpStatusCode.OK, await AskAsync(shut.Client, token));
    }

    [Fact]
    public async Task A_key_that_is_called_as_a_function_opens_that_one_alone()
    {
        await using var keyed = await LarderProcess.StartAsync(_storage, ("FunctionKeys:ListModels", "k"), ("FunctionKeys:ListInformation", "old"), ("MasterKey", "m"));

        Assert.Equal(HttpStatusCode.OK, (await keyed.Client.GetJsonAsync("/api/v1/models?code=k")).Status);
        var refused = await keyed.Client.GetJsonAsync("/api/v1/models/information?code=k");
        Assert.Equal((HttpStatusCode.Forbidden, "The key ListModels opens only the function of that name."), (refused.Status, refused.Description));
        Assert.Equal(HttpStatusCode.OK, (await keyed.Client.GetJsonAsync("/api/v1/models/information?code=old")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await keyed.Client.GetJsonAsync("/api/v1/models?code=old")).Status);
        Assert.Equal(HttpStatusCode.OK, (await keyed.Client.GetJsonAsync("/api/v1/models?code=m")).Status);
    }

    /// <summary>What makes a process take itself for one of Azure's function apps.</summary>
    internal static readonly (string Name, string Value)[] AzureSettings =
    [
        ("WEBSITE_SITE_NAME", "larder"),
        ("Jobs:Backend", "container-instances"),
        ("Jobs:ContainerInstances:SubscriptionId", "00000000-0000-0000-0000-0000000000aa"),
        ("Jobs:ContainerInstances:ResourceGroup", "jobs"),
        ("Jobs:ContainerInstances:Location", "westeurope"),
    ];

    /// <summary>A token as most clients send it.</summary>
    internal static (string Name, string Value) Bearer(string token) => ("Authorization", $"Bearer {token}");

    private static (string Name, string Value) Basic(string user, string token) => ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{token}"))}");

    private Task<LarderProcess> StartAsync(params (string Name, string Value)[] settings) =>
        LarderProcess.StartAsync(_storage, [("Access:AdminTokenSha256", CallersTests.Hash(Admin)), .. settings]);

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string token) => (await client.SendJsonAsync(HttpMethod.Get, "/api/test", null, Bearer(token))).Status;

    private static Task<Answer> MakeAsync(string json, HttpClient client, string? key = null) =>
        client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/tokens", json, key is null ? [Bearer(Admin)] : [Bearer(Admin), ("Idempotency-Key", key)]);

    private Task<Answer> AsAdminAsync(HttpMethod method, string path) => Client.SendJsonAsync(method, path, null, Bearer(Admin));
}
