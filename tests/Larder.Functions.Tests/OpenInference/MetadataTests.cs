using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.OpenInference;

/// <summary>Health, metadata, configuration and repository in the Open Inference Protocol V2 with Triton's extensions.</summary>
[Collection(nameof(SharedLarder))]
public sealed class MetadataTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Theory]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    public async Task The_server_tells_its_health(string path, string body) => Assert.Equal(body, (await _client.GetJsonAsync(path)).Body.ToJsonString());

    [Fact]
    public async Task The_server_tells_what_it_is()
    {
        var answer = (await _client.GetJsonAsync("/v2")).Body;

        Assert.Equal("larder", (string?)answer["name"]);
        Assert.NotEmpty((string)answer["version"]!);
        Assert.Contains("binary_tensor_data", answer["extensions"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public async Task A_model_tells_what_it_takes_and_gives()
    {
        await _client.UploadAsync("v2-meta", OnnxModel.Identity(Datatype.Bytes, -1, 2));
        await _client.UploadAsync("v2-meta", OnnxModel.Linear());
        const string newest = """{"name":"v2-meta","versions":["1","2"],"platform":"onnx_onnxv1","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"label","datatype":"INT64","shape":[-1]},{"name":"probabilities","datatype":"FP32","shape":[-1,3]}]}""";

        Assert.Equal(newest, (await _client.GetJsonAsync("/v2/models/v2-meta")).Body.ToJsonString());
        Assert.Equal(newest, (await _client.GetJsonAsync("/v2/models/v2-meta/versions/2")).Body.ToJsonString());
        Assert.Equal("""[{"name":"x","datatype":"BYTES","shape":[-1,2]}]""", (await _client.GetJsonAsync("/v2/models/v2-meta/versions/1")).Body["inputs"]!.ToJsonString());
        Assert.Equal(
            """{"name":"v2-meta","platform":"onnxruntime_onnx","backend":"onnxruntime","max_batch_size":0,"input":[{"name":"x","data_type":"TYPE_STRING","dims":[-1,2]}],"output":[{"name":"y","data_type":"TYPE_STRING","dims":[-1,2]}]}""",
            (await _client.GetJsonAsync("/v2/models/v2-meta/versions/1/config")).Body.ToJsonString());
        Assert.Equal("TYPE_FP32", (string?)(await _client.GetJsonAsync("/v2/models/v2-meta/config")).Body["input"]![0]!["data_type"]);
        Assert.Equal("""{"name":"v2-meta","ready":true}""", (await _client.GetJsonAsync("/v2/models/v2-meta/ready")).Body.ToJsonString());
        Assert.Equal("""{"name":"v2-meta","ready":true}""", (await _client.GetJsonAsync("/v2/models/v2-meta/versions/1/ready")).Body.ToJsonString());
        Assert.Contains("v2-meta", (await _client.GetJsonAsync("/v2/models")).Body["models"]!.AsArray().Select(name => (string?)name));
    }

    [Theory]
    [InlineData("GET", "/v2/models/no-such-model", 404)]
    [InlineData("GET", "/v2/models/no-such-model/ready", 404)]
    [InlineData("GET", "/v2/models/no-such-model/config", 404)]
    [InlineData("GET", "/v2/nothing", 404)]
    [InlineData("DELETE", "/v2/models/no-such-model", 405)]
    [InlineData("GET", "/v2/models/no-such-model/infer", 405)]
    [InlineData("POST", "/v2/repository/models/no-such-model/load", 404)]
    [InlineData("GET", "/v2/models/no-such-model/stats", 404)]
    public async Task What_is_not_there_has_the_protocols_error(string method, string path, int status)
    {
        var answer = await _client.SendJsonAsync(new HttpMethod(method), path);

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal("error", Assert.Single(answer.Body.AsObject()).Key);
    }

    [Fact]
    public async Task A_model_is_loaded_and_unloaded_and_serves_after_both()
    {
        await _client.UploadAsync("v2-control", OnnxModel.Linear());
        var index = await _client.SendJsonAsync(HttpMethod.Post, "/v2/repository/index", """{"ready":true}""");
        Assert.Contains("""{"name":"v2-control","version":"1","state":"READY","reason":""}""", index.Body.AsArray().Select(entry => entry!.ToJsonString()));

        foreach (var step in new[] { "load", "unload", "load" })
        {
            using var response = await _client.PostAsync($"/v2/repository/models/v2-control/{step}", null);
            Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal(200, (await _client.PredictAsync("v2-control", """{"values":[1,2,3,4]}""")).Code);
        }

        var refused = await _client.SendJsonAsync(HttpMethod.Post, "/v2/repository/models/v2-control/load", """{"parameters":{"config":"{}"}}""");
        Assert.Equal(501, (int)refused.Status);
        var unknown = await _client.SendJsonAsync(HttpMethod.Post, "/v2/repository/index", """{"redy":true}""");
        Assert.Equal((400, "The member 'redy' is not known; send {\"ready\": true}."), ((int)unknown.Status, (string?)unknown.Body["error"]));
        Assert.IsType<JsonArray>((await _client.SendJsonAsync(HttpMethod.Post, "/v2/repository/index")).Body);
    }

    [Fact]
    public async Task Statistics_count_the_predictions_of_all_protocols_by_version()
    {
        await _client.UploadAsync("v2-stats", OnnxModel.Linear());
        await _client.UploadAsync("v2-stats", OnnxModel.Linear());
        const string Three = """{"inputs":[{"name":"x","shape":[3,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8,9,10,11,12]}]}""";

        Assert.Equal(200, (int)(await _client.SendJsonAsync(HttpMethod.Post, "/v2/models/v2-stats/infer", Three)).Status);
        Assert.Equal(200, (await _client.PredictAsync("v2-stats", """{"values":[1,2,3,4]}""")).Code);
        Assert.Equal(400, (int)(await _client.SendJsonAsync(HttpMethod.Post, "/v2/models/v2-stats/infer", "{}")).Status);

        var model = (await _client.GetJsonAsync("/v2/models/v2-stats/stats")).Body["model_stats"]!.AsArray();
        var version = Assert.Single((await _client.GetJsonAsync("/v2/models/v2-stats/versions/2/stats")).Body["model_stats"]!.AsArray())!;
        var all = (await _client.GetJsonAsync("/v2/models/stats")).Body["model_stats"]!.AsArray();

        Assert.Equal(["1", "2"], model.Select(entry => (string?)entry!["version"]).Order());
        Assert.Equal(version.ToJsonString(), model.Single(entry => (string?)entry!["version"] == "2")!.ToJsonString());
        Assert.Equal(version.ToJsonString(), Assert.Single(all, entry => (string?)entry!["name"] == "v2-stats")!.ToJsonString());
        Assert.Equal((4, 2), ((int)version["inference_count"]!, (int)version["execution_count"]!));
        Assert.InRange(DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeMilliseconds((long)version["last_inference"]!), TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(10));
        var inferences = version["inference_stats"]!;
        Assert.Equal((2, 1), ((int)inferences["success"]!["count"]!, (int)inferences["fail"]!["count"]!));
        long[] parts = [.. new[] { "queue", "compute_input", "compute_infer", "compute_output" }.Select(part => (long)inferences[part]!["ns"]!)];
        Assert.All(parts[1..], part => Assert.True(part > 0));
        Assert.InRange(parts.Sum(), 1, (long)inferences["success"]!["ns"]!);
        Assert.Equal(["1: 1", "3: 1"], version["batch_stats"]!.AsArray().Select(batch => $"{batch!["batch_size"]}: {batch["compute_infer"]!["count"]}"));
        Assert.True((long)Assert.Single(version["memory_usage"]!.AsArray())!["byte_size"]! > 0);
        Assert.Equal(0, (long)model.Single(entry => (string?)entry!["version"] == "1")!["inference_stats"]!["success"]!["count"]!);
    }

    [Fact]
    public async Task Statistics_of_what_is_deleted_are_forgotten()
    {
        foreach (var model in (string[])["v2-kept", "v2-deleted", "v2-deleted"])
        {
            await _client.UploadAsync(model, OnnxModel.Linear());
            Assert.Equal(200, (await _client.PredictAsync(model, """{"values":[1,2,3,4]}""")).Code);
        }

        Assert.Equal(["v2-deleted 1", "v2-deleted 2", "v2-kept 1"], await CountedAsync());
        using var version = await _client.DeleteAsync("/api/v1/models/v2-deleted:1?force=true");
        Assert.Equal(["v2-deleted 2", "v2-kept 1"], await CountedAsync());
        using var whole = await _client.DeleteAsync("/api/v1/models/v2-deleted?force=true");
        Assert.Equal(["v2-kept 1"], await CountedAsync());

        async Task<IEnumerable<string>> CountedAsync() => (await _client.GetJsonAsync("/v2/models/stats")).Body["model_stats"]!.AsArray()
            .Select(entry => $"{entry!["name"]} {entry["version"]}").Where(entry => entry.StartsWith("v2-kept", StringComparison.Ordinal) || entry.StartsWith("v2-deleted", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v2/logging")]
    [InlineData("POST", "/v2/trace/setting")]
    [InlineData("GET", "/v2/models/any/trace/setting")]
    [InlineData("POST", "/v2/systemsharedmemory/region/a/register")]
    [InlineData("GET", "/v2/cudasharedmemory/status")]
    public async Task What_is_not_supported_says_what_there_is_in_its_place(string method, string path)
    {
        var answer = await _client.SendJsonAsync(new HttpMethod(method), path, method == "POST" ? "{}" : null);

        Assert.Equal(501, (int)answer.Status);
        Assert.Contains("not supported: ", (string?)Assert.Single(answer.Body.AsObject()).Value);
    }
}
