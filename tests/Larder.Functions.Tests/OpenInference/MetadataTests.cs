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
}
