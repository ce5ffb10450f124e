using System.Net;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Larder.Functions.Http;
using Larder.Functions.Operations;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Access;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Operations;

[Collection(nameof(SharedLarder))]
public sealed class OperationsTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task The_front_door_greets_and_help_lists_every_route()
    {
        Assert.StartsWith("Greetings from Larder", (await _client.GetJsonAsync("/")).Description);

        var help = await _client.GetStringAsync("/help");
        foreach (var route in new RouteTable().Entries)
            Assert.Matches($"(?m)^{Regex.Escape(string.Join(',', route.Methods))} +{Regex.Escape(route.Path)} +{(route.Role == Role.None ? "" : RoleNames.Of(route.Role))}", help);
        Assert.All(new RouteTable().Entries, route => Assert.NotEmpty(route.Summary));
    }

    [Fact]
    public async Task An_unknown_path_is_404_and_a_wrong_method_405_in_the_envelope()
    {
        var unknown = await _client.GetJsonAsync("/api/v1/nothing");
        var wrong = await _client.SendJsonAsync(HttpMethod.Patch, "/api/v1/models/x");

        Assert.Equal((HttpStatusCode.NotFound, 404), (unknown.Status, unknown.Code));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, 405), (wrong.Status, wrong.Code));
        Assert.Contains("PUT", wrong.Description);
    }

    [Theory]
    [InlineData("GET", "/api/v1/model/x", "GET /api/v1/models/{reference}")]
    [InlineData("POST", "/api/v1/models/x/predict", "POST /api/v1/models/{reference}/prediction")]
    [InlineData("POST", "/models/x/prediction", "POST /api/v1/models/{reference}/prediction")]
    [InlineData("GET", "/schedules", "GET /api/v1/schedules")]
    [InlineData("GET", "/api/v1/job", "GET /api/v1/jobs")]
    [InlineData("GET", "/api/v1/jobs/x/log", "GET /api/v1/jobs/{job}/logs")]
    [InlineData("GET", "/redyz", "GET /readyz")]
    [InlineData("GET", "/api/v1/bananas/x/y", null)]
    public async Task A_near_miss_names_the_nearest_route(string method, string path, string? meant)
    {
        var answer = await _client.SendJsonAsync(new HttpMethod(method), path);

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        if (meant is null)
            Assert.Equal("There is no such route. GET /help lists all routes.", answer.Description);
        else
            Assert.Matches($"^There is no such route. Did you mean ([A-Z]+ or )*{meant.Split(' ')[0]}( or [A-Z]+)* {Regex.Escape(meant.Split(' ')[1])}\\? GET /help lists all routes.$", answer.Description);
    }

    [Fact]
    public async Task A_start_says_little_and_makes_the_containers_that_people_drop_files_into()
    {
        await Eventually.TrueAsync(async () => (await _client.GetAsync("/readyz")).IsSuccessStatusCode);

        foreach (var container in new[] { "uploads", "scoring" })
            Assert.True(await new BlobContainerClient(larder.Storage, container).ExistsAsync());
        var start = larder.Log[..(larder.Log.IndexOf("  stop: Ctrl-C", StringComparison.Ordinal) + 1)].Split('\n');
        Assert.Contains(start, line => line.StartsWith("  help: http://", StringComparison.Ordinal) && line.TrimEnd().EndsWith("/help", StringComparison.Ordinal));
        Assert.InRange(start.Length, 3, 12);
    }

    [Fact]
    public async Task The_echo_test_echoes()
    {
        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/test/sendtomodelhost", """{"data":[1,"two",[3]]}""");
        var missing = await _client.SendJsonAsync(HttpMethod.Post, "/api/test/sendtomodelhost", """{"date":[]}""");
        var scalar = await _client.SendJsonAsync(HttpMethod.Post, "/api/test/sendtomodelhost", """{"data":1}""");

        Assert.Equal("""[1,"two",[3]]""", answer.Body["data"]!.ToJsonString());
        Assert.Equal("The member 'date' is not known; send {data:list}.", missing.Description);
        Assert.Equal("Test data is not a list enclosed by squared brackets", scalar.Description);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetJsonAsync("/api/test")).Status);
    }

    [Fact]
    public async Task The_version_is_bare_text_and_its_details_are_JSON()
    {
        using var bare = await _client.GetAsync("/version");
        var details = (await _client.GetJsonAsync("/api/v1/version")).Body;

        // MLflow's clients parse the whole body as the version.
        Assert.Equal(("text/plain", "0.2.0"), (bare.Content.Headers.ContentType?.MediaType, await bare.Content.ReadAsStringAsync()));
        Assert.Equal("0.2.0", (string?)details["version"]);
        Assert.Matches("^[0-9a-f]{40}$", (string?)details["commit"] ?? new string('0', 40));
        Assert.Equal($"{Environment.Version}", (string?)details["dotnet"]);
        Assert.Matches(@"^1\.\d+\.\d+$", (string?)details["onnx_runtime"]);
        Assert.Equal("self-host", (string?)details["host"]);
    }

    [Fact]
    public void Without_the_Functions_host_the_host_is_the_self_host() =>
        Assert.Equal(("self-host", "functions-host"), (ServerVersion.Of(isWorker: false).Host, ServerVersion.Of(isWorker: true).Host));

    [Fact]
    public async Task Probes_answer()
    {
        Assert.Equal(HttpStatusCode.OK, (await _client.GetJsonAsync("/healthz")).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetJsonAsync("/readyz")).Status);
    }

    [Fact]
    public async Task A_request_id_is_taken_over_or_made()
    {
        var own = await _client.SendJsonAsync(HttpMethod.Get, "/healthz", null, ("x-request-id", "mine-42"));
        var made = await _client.SendJsonAsync(HttpMethod.Get, "/healthz");
        var unfit = await _client.SendJsonAsync(HttpMethod.Get, "/healthz", null, ("x-request-id", new string('x', 101)));

        Assert.Equal("mine-42", own.Headers.GetValues("x-request-id").Single());
        Assert.NotEmpty(made.Headers.GetValues("x-request-id").Single());
        Assert.NotEqual(new string('x', 101), unfit.Headers.GetValues("x-request-id").Single());
    }

    [Fact]
    public async Task Metrics_count_requests_errors_and_seconds_by_model_and_version_only()
    {
        await _client.UploadAsync("metered", OnnxModel.Linear());
        for (var i = 0; i < 3; i++)
            await _client.PredictAsync("metered", """{"values":[1,2,3,4]}""");
        await _client.PredictAsync("metered", """{"values":[1]}""");
        await _client.PredictAsync("no-such-model-in-labels", """{"values":[1]}""");

        var text = await _client.GetStringAsync("/metrics");

        Assert.Equal(4, Value(text, "larder_prediction_requests_total{model=\"metered\",version=\"1\"}"));
        Assert.Equal(1, Value(text, "larder_prediction_errors_total{model=\"metered\",status=\"422\",version=\"1\"}"));
        Assert.Equal(4, Value(text, "larder_prediction_duration_seconds_count{model=\"metered\",version=\"1\"}"));
        Assert.Equal(4, Value(text, "larder_prediction_duration_seconds_bucket{model=\"metered\",version=\"1\",le=\"+Inf\"}"));
        Assert.Equal(3, Value(text, "nv_inference_request_success{model=\"metered\",version=\"1\"}"));
        Assert.Equal(1, Value(text, "nv_inference_request_failure{model=\"metered\",version=\"1\"}"));
        Assert.Equal(3, Value(text, "nv_inference_count{model=\"metered\",version=\"1\"}"));
        Assert.True(Value(text, "nv_inference_request_duration_us{model=\"metered\",version=\"1\"}") >= Value(text, "nv_inference_compute_infer_duration_us{model=\"metered\",version=\"1\"}"));
        Assert.True(Value(text, "dotnet_gc_heap_total_allocated_bytes_total{}") > 0);
        Assert.True(Value(text, "dotnet_process_memory_working_set_bytes{}") > 0);
        Assert.DoesNotContain("no-such-model-in-labels", text);
        foreach (var name in new[] { "loads", "evictions", "loaded_bytes", "queue_depth" })
            Assert.Matches($"(?m)^# TYPE larder_\\w*{name}\\w* (counter|gauge)$", text);
        foreach (var line in text.TrimEnd('\n').Split('\n'))
            Assert.Matches("""^(# (HELP|TYPE|UNIT) \w+ .*|# EOF|\w+(\{(\w+="[^"]*"(,\w+="[^"]*")*)?\})? -?[0-9.eE+-]+)$""", line);
    }

    private static double Value(string text, string series) =>
        double.Parse(Regex.Match(text, $"(?m)^{Regex.Escape(series)} (?<value>.+)$").Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture);
}
