using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflowScoring;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>The response cache, which all protocols share.</summary>
[Collection(nameof(ServingLarder))]
public sealed partial class CacheTests(ServingFixture larder)
{
    private const string Settings = """{"settings":{"cache":{"enabled":true,"seconds":600}}}""";
    private const string Stored = "Larder; fwd=miss; stored";
    private const string Values = """{"values":[[5.1,3.5,1.4,0.2]]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_prediction_in_one_protocol_answers_the_same_one_in_all_others()
    {
        // The model of the routes that name none, which the other tests use without a cache.
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/served", Settings)).Status);
        try
        {
            var (first, expected) = await PostAsync("/api/v1/models/served/prediction", Values);
            Assert.Equal(Stored, first);
            var scores = JsonNode.Parse(expected)!["outputs"]!["probabilities"]![0]!.ToJsonString();
            (string Path, string Body, string Type)[] others =
            [
                ("/api/v1/models/served/prediction", """{ "values" : [5.10, 3.5, 14e-1, 0.2] }""", "application/json"),
                ("/api/v1/models/served/prediction?header=false", "5.1,3.5,1.4,0.2", "text/csv"),
                ("/v2/models/served/infer", """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}""", "application/json"),
                ("/v1/models/served:predict", """{"instances":[[5.1,3.5,1.4,0.2]]}""", "application/json"),
                ("/v1/models/served:predict", """{"inputs":[[5.1,3.5,1.4,0.2]]}""", "application/json"),
                ("/invocations", """{"dataframe_split":{"columns":["a","b","c","d"],"data":[[5.1,3.5,1.4,0.2]]}}""", "application/json"),
                ("/api/v1/models/served/invocations", "d,c,b,a\n0.2,1.4,3.5,5.1", "text/csv"),
                ("/score", """{"input_data":[[5.1,3.5,1.4,0.2]]}""", "application/json"),
            ];
            foreach (var (path, body, type) in others)
            {
                var (status, answer) = await PostAsync(path, body, type);
                Assert.True(HitStatus().IsMatch(status), $"{path} {body}: {status} {answer}");
                Assert.Contains(scores, answer);
            }

            var (binaryStatus, binary) = await BinaryAsync("served", MemoryMarshal.AsBytes<float>([5.1f, 3.5f, 1.4f, 0.2f]).ToArray());
            Assert.Matches(HitStatus(), binaryStatus);
            Assert.Contains(scores, binary);
            // What is made of the outputs is no part of the key.
            Assert.Matches(HitStatus(), (await PostAsync("/api/v1/models/served/prediction?top=1&output=probabilities", Values)).Status);
        }
        finally
        {
            await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/served", """{"settings":{}}""");
        }

        Assert.Equal("", (await PostAsync("/api/v1/models/served/prediction", Values)).Status);
    }

    [Fact]
    public async Task Statistics_and_metrics_count_hits_and_misses()
    {
        await UploadOnceAsync("cache-counted", Settings);
        foreach (var values in new[] { "[1,2,3,4]", "[1,2,3,4]", "[[1,2,3,4],[1,2,3,4]]", "[1,2,3,4]" })
            Assert.Equal(HttpStatusCode.OK, (await _client.PredictAsync("cache-counted", $$"""{"values":{{values}}}""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.PredictAsync("cache-counted", """{"values":[1]}""")).Status);

        var statistics = (await _client.GetJsonAsync("/v2/models/cache-counted/stats")).Body["model_stats"]![0]!;
        Assert.Equal((3, 2), ((int)statistics["inference_count"]!, (int)statistics["execution_count"]!));
        Assert.Equal([4, 1, 4, 2, 2, 2, 2, 2], new[] { "success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss" }.Select(name => (int)statistics["inference_stats"]![name]!["count"]!));
        Assert.All(["cache_hit", "cache_miss"], name => Assert.InRange((long)statistics["inference_stats"]![name]!["ns"]!, 1, long.MaxValue));
        var text = await _client.GetStringAsync("/metrics");
        const string labels = "{model=\"cache-counted\",version=\"1\"}";
        Assert.Equal(["2", "2"], new[] { "nv_cache_num_hits_per_model", "nv_cache_num_misses_per_model" }.Select(name => Value(text, name + labels)));
        Assert.Equal(["2", "2"], new[] { "larder_inference_cache_hits_total", "larder_inference_cache_misses_total" }.Select(name => Value(text, name + labels)));
        Assert.All(["nv_cache_hit_duration_per_model", "nv_cache_miss_duration_per_model"], name => Assert.NotNull(Value(text, name + labels)));
        Assert.Equal("4", Value(text, "nv_inference_request_success" + labels));
        Assert.InRange(int.Parse(Value(text, "larder_inference_cached_responses{}")!), 2, int.MaxValue);
        Assert.InRange(int.Parse(Value(text, "larder_inference_cached_bytes{}")!), 1000, 64 << 20);
    }

    [Theory]
    [InlineData("no-cache", "Larder; fwd=request")]
    [InlineData("no-store", "Larder; fwd=request")]
    [InlineData("max-stale=5, no-cache", "Larder; fwd=request")]
    [InlineData("max-age=", "Larder; fwd=request")]
    [InlineData("max-age=600", null)]
    [InlineData("no-transform", null)]
    public async Task The_caller_says_by_Cache_Control_whether_an_earlier_run_will_do(string control, string? expected)
    {
        await UploadOnceAsync("cache-control", Settings);
        await PostAsync("/api/v1/models/cache-control/prediction", Values);

        var (status, answer) = await PostAsync("/api/v1/models/cache-control/prediction", Values, control: control);

        if (expected is null)
            Assert.Matches(HitStatus(), status);
        else
            Assert.Equal(expected, status);
        Assert.Contains("Prediction successful", answer);
    }

    [Fact]
    public async Task What_asks_for_a_run_is_not_kept_either_and_a_bound_of_age_is_kept_to()
    {
        await UploadOnceAsync("cache-run", Settings);

        Assert.Equal("Larder; fwd=request", (await PostAsync("/api/v1/models/cache-run/prediction", Values, control: "no-cache")).Status);
        Assert.Equal("Larder; fwd=request", (await PostAsync("/api/v1/models/cache-run/prediction", Values, control: "no-store")).Status);
        Assert.Equal(Stored, (await PostAsync("/api/v1/models/cache-run/prediction", Values)).Status);
        Assert.Equal(Stored, (await PostAsync("/api/v1/models/cache-run/prediction", Values, control: "max-age=0")).Status);
        Assert.Matches(HitStatus(), (await PostAsync("/api/v1/models/cache-run/prediction", Values)).Status);
    }

    [Fact]
    public async Task A_version_is_never_answered_with_the_outputs_of_another_and_a_deleted_one_takes_its_own_with_it()
    {
        await UploadOnceAsync("cache-versions", Settings, Doubling(2));
        Assert.Equal("[[2]]", await AskAsync(Stored));
        Assert.Equal("[[2]]", await AskAsync(null));
        await _client.UploadAsync("cache-versions", Doubling(3));

        Assert.Equal("[[3]]", await AskAsync(Stored));
        Assert.Equal("[[2]]", await AskAsync(null, ":1"));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/cache-versions", """{"settings":{"cache":{"enabled":true},"batching":{"max_rows":8}}}""");
        Assert.Equal("[[3]]", await AskAsync(Stored));

        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/cache-versions")).Status);
        await UploadOnceAsync("cache-versions", Settings, Doubling(5));
        Assert.Equal("[[5]]", await AskAsync(Stored));

        async Task<string> AskAsync(string? expected, string version = "")
        {
            var (status, answer) = await PostAsync($"/api/v1/models/cache-versions{version}/prediction", """{"values":[[1]]}""");
            if (expected is null)
                Assert.Matches(HitStatus(), status);
            else
                Assert.Equal(expected, status);
            return JsonNode.Parse(answer)!["values"]!.ToJsonString();
        }
    }

    [Fact]
    public async Task An_invalid_or_forbidden_request_is_refused_before_the_cache_is_asked()
    {
        await UploadOnceAsync("cache-refused", Settings);
        await PostAsync("/api/v1/models/cache-refused/prediction", Values);

        var (status, answer) = await PostAsync("/api/v1/models/cache-refused/prediction", """{"values":[[5.1,3.5,1.4]]}""");
        Assert.Equal("", status);
        Assert.Contains("x expects FP32 [-1,4]", answer);
        (status, answer) = await PostAsync("/api/v1/models/cache-refused/prediction?top=0", Values);
        Assert.Equal("", status);
        Assert.Contains("top must be", answer);
    }

    [Theory]
    [InlineData("""{"cache":{"enabled":true,"seconds":0}}""", "cache.seconds must be from 1 to 2592000; got 0.")]
    [InlineData("""{"cache":{"enabled":true,"seconds":2592001}}""", "cache.seconds must be from 1 to 2592000; got 2592001.")]
    [InlineData("""{"cache":null}""", "cache")]
    [InlineData("""{"cache":{"enabled":"yes"}}""", "enabled")]
    [InlineData("""{"cache":{"ttl":5}}""", "ttl")]
    public async Task Settings_that_cannot_be_are_refused(string settings, string sentence)
    {
        await UploadOnceAsync("cache-settings", Settings);

        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/cache-settings", $$"""{"settings":{{settings}}}""");

        Assert.InRange((int)answer.Status, 400, 422);
        Assert.Contains(sentence, answer.Body.ToJsonString());
    }

    [Fact]
    public async Task A_model_that_draws_random_numbers_is_not_cached()
    {
        const string sentence = "cache.enabled cannot be true: the model has operators that draw random numbers, so that the same inputs do not give the same outputs.";
        Assert.Equal(201, (await _client.UploadAsync("cache-random", Random)).Code);
        Assert.Contains(sentence, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/cache-random", Settings)).Body.ToJsonString());

        // It comes to a model that has the setting already.
        await UploadOnceAsync("cache-random-later", Settings);
        Assert.Equal(201, (await _client.UploadAsync("cache-random-later", Random)).Code);
        var first = await PostAsync("/api/v1/models/cache-random-later/prediction", """{"values":[[1]]}""");
        var second = await PostAsync("/api/v1/models/cache-random-later/prediction", """{"values":[[1]]}""");
        Assert.Equal(("", ""), (first.Status, second.Status));
        Assert.NotEqual(first.Answer, second.Answer);
    }

    private static byte[] Random => new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 1).Output("y", Datatype.Fp32, -1, 1)
        .Node("RandomNormalLike", ["x"], ["noise"]).Node("Add", ["x", "noise"], ["y"]).ToBytes();

    private static byte[] Doubling(float factor) => new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 1).Output("y", Datatype.Fp32, -1, 1).Initializer(OnnxTensor.Of("f", [factor])).Node("Mul", ["x", "f"], ["y"]).ToBytes();

    private static string? Value(string text, string series) => Regex.Match(text, $"(?m)^{Regex.Escape(series)} (?<value>.+)$") is { Success: true } match ? match.Groups["value"].Value : null;

    private async Task UploadOnceAsync(string name, string patch, byte[]? model = null)
    {
        if ((await _client.GetAsync($"/api/v1/models/{name}")).IsSuccessStatusCode)
            return;
        Assert.Equal(201, (await _client.UploadAsync(name, model ?? OnnxModel.Linear())).Code);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}", patch)).Status);
    }

    private async Task<(string Status, string Answer)> PostAsync(string path, string body, string type = "application/json", string? control = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        if (control is not null)
            request.Headers.TryAddWithoutValidation("Cache-Control", control);
        return await SendAsync(request);
    }

    private async Task<(string Status, string Answer)> BinaryAsync(string model, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes($$$"""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":{{{data.Length}}}}}]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent([.. json, .. data]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add("Inference-Header-Content-Length", $"{json.Length}");
        return await SendAsync(request);
    }

    private async Task<(string Status, string Answer)> SendAsync(HttpRequestMessage request)
    {
        using var response = await _client.SendAsync(request);
        return (response.Headers.TryGetValues("Cache-Status", out var values) ? values.Single() : "", await response.Content.ReadAsStringAsync());
    }

    [GeneratedRegex("^Larder; hit; ttl=[0-9]+$")]
    private static partial Regex HitStatus();
}
