using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.MLflow;

/// <summary>A Larder whose webhooks may lead to this machine.</summary>
public sealed class WebhookFixture : IAsyncLifetime
{
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _larder = await LarderProcess.StartAsync(
            await Azurite.AccountAsync(), ("Webhooks:AllowLoopback", "true"), ("Webhooks:FirstDelay", "00:00:01"), ("Webhooks:Attempts", "2"), ("Logging:LogLevel:Default", "Debug"));
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }
}

/// <summary>MLflow's webhooks over HTTP, and what Larder has beside them.</summary>
public sealed class WebhookApiTests(WebhookFixture larder) : IClassFixture<WebhookFixture>
{
    private const string None = "0b8f3c62-6f0e-4d3b-8a3c-0d8f5a2f6c11";
    private const string Hint = " See the API docs for more information about request parameters.";
    private const string Secret = "hush-hush-7f3a";
    private const string JobEnded = """[{"entity":"JOB","action":"ENDED"}]""";

    private readonly HttpClient _client = larder.Client;

    [Theory]
    [InlineData("webhooks", "{}", 400, "Missing value for required parameter 'name'." + Hint)]
    [InlineData("webhooks", """{"name":""}""", 400, "Missing value for required parameter 'url'." + Hint)]
    [InlineData("webhooks", """{"name":"","url":"https://a.example","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Missing value for required parameter 'name'." + Hint)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example"}""", 400, "Missing value for required parameter 'events'." + Hint)]
    [InlineData("webhooks", """{"name":7,"url":"https://a.example","events":[]}""", 400, "Invalid value 7 for parameter 'name' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":"x"}""", 400, "Invalid value \"x\" for parameter 'events' supplied:  Hint: Value was of type 'str'." + Hint)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[]}""", 400, "Missing value for required parameter 'events'." + Hint)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"JOB"}]}""", 400, "Missing value for required parameter 'events[0].action'." + Hint)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"REGISTERED_MODEL","action":"DELETED"}]}""", 400, "Invalid action 'deleted' for entity 'registered_model'. Valid actions are: ['created']")]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"MODEL_VERSION_TAG","action":"CREATED"}]}""", 400, "Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['deleted', 'set']")]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"model_version","action":"created"}]}""", 400, null)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"PROMPT","action":"CREATED"}]}""", 400, null)]
    [InlineData("webhooks", """{"name":"-a","url":"https://a.example","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Webhook name '-a' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).")]
    [InlineData("webhooks", """{"name":"a","url":"ftp://a.example","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https.")]
    [InlineData("webhooks", """{"name":"a","url":"http://a.example","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.")]
    [InlineData("webhooks", """{"name":"a","url":"file:///etc/passwd","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Invalid webhook URL scheme: 'file'. Allowed schemes are: https.")]
    [InlineData("webhooks", """{"name":"a","url":"   ","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Webhook URL cannot be empty or just whitespace: '   '")]
    [InlineData("webhooks", """{"name":"a","url":"hook","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, "Webhook URL is no absolute URL: 'hook'")]
    [InlineData("webhooks", """{"name":"a","url":"https://u:p@a.example","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, null)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example/#x","events":[{"entity":"JOB","action":"ENDED"}]}""", 400, null)]
    [InlineData("webhooks", """{"name":"a","url":"https://a.example","events":[{"entity":"JOB","action":"ENDED"}],"status":"DELETED"}""", 400, "Invalid value 'DELETED' for parameter 'status' supplied: it must be ACTIVE or DISABLED.")]
    [InlineData("webhooks?max_results=0", null, 400, "max_results must be between 1 and 1000.")]
    [InlineData("webhooks?max_results=1001", null, 400, "max_results must be between 1 and 1000.")]
    [InlineData("webhooks?max_results=x", null, 400, null)]
    [InlineData("webhooks?page_token=x", null, 400, null)]
    [InlineData("webhooks/" + None, null, 404, "Webhook with ID '" + None + "' not found.")]
    [InlineData("webhooks/..%2fx", null, 404, null)]
    [InlineData("PATCH webhooks/" + None, "{}", 404, "Webhook with ID '" + None + "' not found.")]
    [InlineData("PATCH webhooks/" + None, """{"url":"gopher://x"}""", 400, "Invalid webhook URL scheme: 'gopher'. Allowed schemes are: https.")]
    [InlineData("DELETE webhooks/" + None, null, 404, "Webhook with ID '" + None + "' not found.")]
    [InlineData("webhooks/" + None + "/test", "{}", 404, "Webhook with ID '" + None + "' not found.")]
    [InlineData("webhooks/" + None + "/test", """{"event":{"entity":"JOB","action":"CREATED"}}""", 400, "Invalid action 'created' for entity 'job'. Valid actions are: ['ended']")]
    public async Task A_wrong_call_is_refused(string call, string? json, int status, string? message)
    {
        var (given, body) = await _client.SendAsync(call, json);

        Assert.Equal((status, status == 404 ? "RESOURCE_DOES_NOT_EXIST" : "INVALID_PARAMETER_VALUE"), (given, (string?)body["error_code"]));
        if (message is null)
            Assert.NotEmpty((string)body["message"]!);
        else
            Assert.Equal(message, (string?)body["message"]);
    }

    [Fact]
    public async Task A_webhook_is_made_shown_changed_and_deleted()
    {
        var made = (await _client.PostAsync("webhooks", $$"""{"name":"ci","url":"https://ci.example/hook","events":[{"entity":"MODEL_VERSION","action":"CREATED"},{"entity":"MODEL_VERSION_ALIAS","action":"CREATED"}],"description":"For CI","secret":"{{Secret}}"}"""))["webhook"]!;
        var id = (string)made["webhook_id"]!;
        Assert.Equal(
            ["webhook_id", "name", "description", "url", "events", "status", "creation_timestamp", "last_updated_timestamp"], made.AsObject().Select(member => member.Key));
        Assert.Equal(("ci", "For CI", "https://ci.example/hook", "ACTIVE"), ((string)made["name"]!, (string)made["description"]!, (string)made["url"]!, (string)made["status"]!));
        Assert.Equal("""[{"entity":"MODEL_VERSION","action":"CREATED"},{"entity":"MODEL_VERSION_ALIAS","action":"CREATED"}]""", made["events"]!.ToJsonString());
        Assert.Equal(made.ToJsonString(), (await _client.AskAsync($"webhooks/{id}"))["webhook"]!.ToJsonString());

        var changed = (await _client.SendOkAsync($"PATCH webhooks/{id}", $$"""{"name":"ci-2","status":"DISABLED","events":{{JobEnded}},"secret":"{{Secret}}-2"}"""))["webhook"]!;
        Assert.Equal(("ci-2", "For CI", "DISABLED", JobEnded), ((string)changed["name"]!, (string)changed["description"]!, (string)changed["status"]!, changed["events"]!.ToJsonString()));
        Assert.Equal(changed.ToJsonString(), (await _client.AskAsync("webhooks"))["webhooks"]!.AsArray().Single(webhook => (string)webhook!["webhook_id"]! == id)!.ToJsonString());

        var records = await _client.AuditAsync($"subject=webhook:{id}");
        Assert.Equal(["update", "create"], records.Select(record => (string)record["what"]!));
        Assert.DoesNotContain(Secret, string.Join('\n', records.Select(record => record.ToJsonString())));
        Assert.Equal("{}", (await _client.SendOkAsync($"DELETE webhooks/{id}")).ToJsonString());
        Assert.Equal(404, (await _client.SendAsync($"webhooks/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync($"/api/v1/webhooks/{id}/deliveries")).Status);
        Assert.Equal(3, (await _client.AuditAsync($"subject=webhook:{id}")).Count);
        Assert.DoesNotContain(Secret, larder.Log);
    }

    [Fact]
    public async Task Webhooks_are_listed_in_pages()
    {
        var made = new List<string>();
        for (var i = 0; i < 3; i++)
            made.Add(await NewAsync("https://pages.example", JobEnded));
        var (listed, token) = (new List<string>(), (string?)null);
        do
        {
            var page = await _client.AskAsync($"webhooks?max_results=1{(token is null ? "" : $"&page_token={token}")}");
            listed.Add((string)page["webhooks"]!.AsArray().Single()!["webhook_id"]!);
            token = (string?)page["next_page_token"];
        }
        while (token is not null);

        Assert.Equal(Enumerable.Reverse(made), listed.Where(made.Contains));
        foreach (var id in made)
            await _client.SendOkAsync($"DELETE webhooks/{id}");
    }

    [Fact]
    public async Task A_test_sends_an_example_and_says_what_came_back()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(202, 500);
        var id = await NewAsync(receiver.Url, """[{"entity":"MODEL_VERSION_TAG","action":"SET"},{"entity":"MODEL_VERSION","action":"CREATED"}]""", "DISABLED");

        var good = (await _client.PostAsync($"webhooks/{id}/test", "{}"))["result"]!;
        var bad = (await _client.PostAsync($"webhooks/{id}/test", """{"event":{"entity":"MODEL_VERSION_ALIAS","action":"DELETED"}}"""))["result"]!;
        await receiver.DisposeAsync();
        var gone = (await _client.PostAsync($"webhooks/{id}/test", "{}"))["result"]!;

        Assert.Equal("""{"success":true,"response_status":202,"response_body":"answer 1"}""", good.ToJsonString());
        Assert.Equal("""{"success":false,"response_status":500,"response_body":"answer 2","error_message":"The receiver answered 500."}""", bad.ToJsonString());
        Assert.False((bool)gone["success"]!);
        Assert.Contains("takes no connections", (string)gone["error_message"]!);
        Assert.All(receiver.Requests, request => Assert.True(request.IsSignedWith(Secret)));
        Assert.Equal(
            ["""{"name":"example_model","version":"1","key":"example_key","value":"example_value"}""", """{"name":"example_model","alias":"example_alias"}"""],
            receiver.Requests.Select(request => JsonNode.Parse(request.Body)!["data"]!.ToJsonString()));
        Assert.Empty((await _client.GetJsonAsync($"/api/v1/webhooks/{id}/deliveries")).Body["deliveries"]!.AsArray());
        await _client.SendOkAsync($"DELETE webhooks/{id}");
    }

    [Fact]
    public async Task Changes_by_every_API_reach_a_receiver_and_the_log_of_deliveries()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(200);
        var id = await NewAsync(
            receiver.Url,
            """[{"entity":"REGISTERED_MODEL","action":"CREATED"},{"entity":"MODEL_VERSION","action":"CREATED"},{"entity":"MODEL_VERSION_TAG","action":"SET"},{"entity":"MODEL_VERSION_TAG","action":"DELETED"},{"entity":"MODEL_VERSION_ALIAS","action":"CREATED"},{"entity":"MODEL_VERSION_ALIAS","action":"DELETED"},{"entity":"JOB","action":"ENDED"}]""");

        await _client.PostAsync("registered-models/create", """{"name":"hooked-b","tags":[{"key":"a","value":"b"}]}""");
        await _client.UploadAsync("hooked-a", OnnxModel.Linear());
        var job = await _client.TrainToEndAsync("hooked-b", TrainingClient.Copy);
        Assert.True((string)job["state"]! == "succeeded", job.ToJsonString());
        await _client.PostAsync("model-versions/set-tag", """{"name":"hooked-a","version":"1","key":"k","value":"v"}""");
        await _client.SendOkAsync("DELETE model-versions/delete-tag", """{"name":"hooked-a","version":"1","key":"k"}""");
        await _client.PostAsync("registered-models/alias", """{"name":"hooked-a","alias":"champion","version":"1"}""");
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/hooked-a/aliases/champion", """{"version":1}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/hooked-a/aliases/champion")).Status);

        string[] expected =
        [
            """registered_model.created {"name":"hooked-b","tags":{"a":"b"},"description":null}""",
            """registered_model.created {"name":"hooked-a","tags":{},"description":null}""",
            """model_version.created {"name":"hooked-a","version":"1","source":"mlflow-artifacts:/models/hooked-a/1","run_id":null,"tags":{},"description":null}""",
            """model_version_tag.set {"name":"hooked-a","version":"1","key":"k","value":"v"}""",
            """model_version_tag.deleted {"name":"hooked-a","version":"1","key":"k"}""",
            """model_version_alias.created {"name":"hooked-a","alias":"champion","version":"1"}""",
            """model_version_alias.deleted {"name":"hooked-a","alias":"champion"}""",
        ];
        await Eventually.TrueAsync(() => Task.FromResult(receiver.Requests.Count >= expected.Length + 2));
        var events = receiver.Requests.Select(request => JsonNode.Parse(request.Body)!).Select(body => $"{body["entity"]}.{body["action"]} {body["data"]!.ToJsonString()}").ToList();
        Assert.Empty(expected.Except(events));
        var trained = events.Except(expected).ToList();
        Assert.Equal(2, trained.Count);
        Assert.Contains(trained, text => text.StartsWith($$"""job.ended {"job":"{{job["id"]}}","type":"train","state":"succeeded",""", StringComparison.Ordinal));
        Assert.Contains(trained, text => text.StartsWith("""model_version.created {"name":"hooked-b","version":"1",""", StringComparison.Ordinal));
        Assert.All(receiver.Requests, request => Assert.True(request.IsSignedWith(Secret)));

        var (deliveries, cursor) = (new List<JsonNode>(), (string?)null);
        do
        {
            var page = (await _client.GetJsonAsync($"/api/v1/webhooks/{id}/deliveries?limit=4{(cursor is null ? "" : $"&cursor={cursor}")}")).Body;
            deliveries.AddRange(page["deliveries"]!.AsArray().Select(delivery => delivery!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        Assert.Equal(receiver.Requests.Select(request => request.Delivery).Order(), deliveries.Select(delivery => (string)delivery["id"]!).Order());
        Assert.Equal(deliveries.Select(delivery => (DateTimeOffset)delivery["created"]!).OrderDescending().Select(time => time.ToUnixTimeMilliseconds()), deliveries.Select(delivery => ((DateTimeOffset)delivery["created"]!).ToUnixTimeMilliseconds()));
        await _client.SendOkAsync($"DELETE webhooks/{id}");
        Assert.DoesNotContain(Secret, larder.Log);
    }

    [Fact]
    public async Task A_delivery_that_failed_is_delivered_again_by_hand()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(404, 200);
        var id = await NewAsync(receiver.Url, """[{"entity":"REGISTERED_MODEL","action":"CREATED"}]""");
        await _client.PostAsync("registered-models/create", """{"name":"hooked-again"}""");
        var failed = await OverAsync(id, "failed");
        Assert.Equal(("registered_model.created", 1, 404, "answer 1", "The receiver answered 404."), ((string)failed["event"]!, (int)failed["attempts"]!, (int)failed["response_status"]!, (string)failed["response_body"]!, (string)failed["error"]!));
        Assert.Null(failed["next_attempt"]);
        Assert.Equal(receiver.Requests[0].Body, (string)failed["payload"]!);

        var again = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/webhooks/{id}/deliveries/{failed["id"]}/redeliver");
        Assert.Equal((HttpStatusCode.Accepted, "pending"), (again.Status, (string)again.Body["delivery"]!["status"]!));
        var done = await OverAsync(id, "delivered");

        Assert.Equal((2, 200, "local"), ((int)done["attempts"]!, (int)done["response_status"]!, (string)done["redelivered_by"]!));
        Assert.Single(receiver.Requests.Select(request => (request.Delivery, request.Body)).Distinct());
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/webhooks/{id}/deliveries/{None}/redeliver")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/webhooks/{None}/deliveries/{failed["id"]}/redeliver")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.GetJsonAsync($"/api/v1/webhooks/{id}/deliveries?cursor=x")).Status);
        await _client.SendOkAsync($"PATCH webhooks/{id}", """{"status":"DISABLED"}""");
        Assert.Equal(HttpStatusCode.Conflict, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/webhooks/{id}/deliveries/{failed["id"]}/redeliver")).Status);
        await _client.SendOkAsync($"DELETE webhooks/{id}");
    }

    // docs/webhooks.md shows it.
    [Fact]
    public async Task The_sample_receiver_takes_what_is_signed_and_nothing_else()
    {
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, ArgumentList = { Path.Combine(AppContext.BaseDirectory, "samples", "webhooks", "receiver.py"), "0" }, Environment = { ["WEBHOOK_SECRET"] = Secret } };
        using var receiver = Process.Start(start)!;
        try
        {
            var url = (await receiver.StandardOutput.ReadLineAsync())!;
            var id = await NewAsync(url, """[{"entity":"REGISTERED_MODEL","action":"CREATED"}]""");
            await _client.PostAsync("registered-models/create", """{"name":"hooked-python","description":"grüße"}""");
            var done = await OverAsync(id, "delivered");
            Assert.Equal("""registered_model.created {"name": "hooked-python", "tags": {}, "description": "gr\u00fc\u00dfe"}""", await receiver.StandardOutput.ReadLineAsync());

            // Sent again it is taken, and told once.
            await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/webhooks/{id}/deliveries/{done["id"]}/redeliver");
            await Eventually.TrueAsync(async () => (int)(await OverAsync(id, "delivered"))["attempts"]! == 2);
            await _client.SendOkAsync($"PATCH webhooks/{id}", """{"secret":"another"}""");
            var result = (await _client.PostAsync($"webhooks/{id}/test", "{}"))["result"]!;
            Assert.Equal((false, 401), ((bool)result["success"]!, (int)result["response_status"]!));
            await _client.SendOkAsync($"DELETE webhooks/{id}");
            receiver.Kill();
            Assert.Null(await receiver.StandardOutput.ReadLineAsync());
        }
        finally
        {
            receiver.Kill();
        }
    }

    private async Task<JsonNode> OverAsync(string webhook, string status)
    {
        JsonNode? delivery = null;
        await Eventually.TrueAsync(async () =>
        {
            delivery = (await _client.GetJsonAsync($"/api/v1/webhooks/{webhook}/deliveries")).Body["deliveries"]!.AsArray().SingleOrDefault();
            return (string?)delivery?["status"] == status;
        });
        return delivery!;
    }

    private async Task<string> NewAsync(string url, string events, string status = "ACTIVE") =>
        (string)(await _client.PostAsync("webhooks", $$"""{"name":"hook","url":"{{url}}","events":{{events}},"secret":"{{Secret}}","status":"{{status}}"}"""))["webhook"]!["webhook_id"]!;
}
