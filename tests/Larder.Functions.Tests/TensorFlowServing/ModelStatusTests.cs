using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.TensorFlowServing;

/// <summary>Status and metadata of models in TensorFlow Serving's REST API (api_rest.md) and in KServe V1.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ModelStatusTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_model_tells_its_versions_and_whether_it_is_ready_in_one_object()
    {
        await _client.UploadAsync("st-model", OnnxModel.Identity(Datatype.Bytes, -1, 2));
        await _client.UploadAsync("st-model", OnnxModel.Linear());
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/st-model/aliases/stable", """{"version":1}""");
        const string One = """{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}""";
        const string End = """],"name":"st-model","ready":true}""";

        Assert.Equal($$"""{"model_version_status":[{{One}},{{One.Replace("\"1\"", "\"2\"")}}{{End}}""", await BodyAsync("/v1/models/st-model"));
        Assert.Equal($$"""{"model_version_status":[{{One.Replace("\"1\"", "\"2\"")}}{{End}}""", await BodyAsync("/v1/models/st-model/versions/2"));
        Assert.Equal($$"""{"model_version_status":[{{One}}{{End}}""", await BodyAsync("/V1/MODELS/st-model/Labels/stable"));
        Assert.Contains("st-model", (await _client.GetJsonAsync("/v1/models")).Body["models"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public async Task Metadata_has_the_signature()
    {
        await _client.UploadAsync("st-signature", OnnxModel.Identity(Datatype.Bytes, -1, 2));
        await _client.UploadAsync("st-signature", OnnxModel.Linear());
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/st-signature/aliases/stable", """{"version":1}""");
        static string Tensor(string name, string type, params int[] dimensions) =>
            $$$"""{"{{{name}}}":{"dtype":"{{{type}}}","tensor_shape":{"dim":[{{{string.Join(',', dimensions.Select(size => $$"""{"size":"{{size}}","name":""}"""))}}}],"unknown_rank":false},"name":"{{{name}}}"}}""";
        static string Of(string version, string inputs, string outputs) =>
            $$$$$$"""{"model_spec":{"name":"st-signature","signature_name":"","version":"{{{{{{version}}}}}}"},"metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{{{{{{inputs}}}}}},"outputs":{{{{{{outputs}}}}}},"method_name":"tensorflow/serving/predict"}}}}}""";
        var first = Of("1", Tensor("x", "DT_STRING", -1, 2), Tensor("y", "DT_STRING", -1, 2));
        var second = Of("2", Tensor("x", "DT_FLOAT", -1, 4), $"{Tensor("label", "DT_INT64", -1)[..^1]},{Tensor("probabilities", "DT_FLOAT", -1, 3)[1..]}");

        Assert.Equal(second, await BodyAsync("/v1/models/st-signature/metadata"));
        Assert.Equal(first, await BodyAsync("/v1/models/st-signature/versions/1/metadata"));
        Assert.Equal(first, await BodyAsync("/v1/models/st-signature/labels/stable/metadata"));
    }

    [Theory]
    [InlineData(Datatype.Bool, "DT_BOOL")]
    [InlineData(Datatype.UInt8, "DT_UINT8")]
    [InlineData(Datatype.UInt16, "DT_UINT16")]
    [InlineData(Datatype.UInt32, "DT_UINT32")]
    [InlineData(Datatype.UInt64, "DT_UINT64")]
    [InlineData(Datatype.Int8, "DT_INT8")]
    [InlineData(Datatype.Int16, "DT_INT16")]
    [InlineData(Datatype.Int32, "DT_INT32")]
    [InlineData(Datatype.Int64, "DT_INT64")]
    [InlineData(Datatype.Fp16, "DT_HALF")]
    [InlineData(Datatype.Bf16, "DT_BFLOAT16")]
    [InlineData(Datatype.Fp32, "DT_FLOAT")]
    [InlineData(Datatype.Fp64, "DT_DOUBLE")]
    [InlineData(Datatype.Bytes, "DT_STRING")]
    public async Task Datatypes_have_the_names_of_TensorFlow(Datatype datatype, string name)
    {
        var model = $"st-{datatype.Name().ToLowerInvariant()}";
        await _client.UploadAsync(model, OnnxModel.Identity(datatype));

        var signature = (await _client.GetJsonAsync($"/v1/models/{model}/metadata")).Body["metadata"]!["signature_def"]!["signature_def"]!["serving_default"]!;

        Assert.Equal((name, "[]"), ((string?)signature["inputs"]!["x"]!["dtype"], signature["outputs"]!["y"]!["tensor_shape"]!["dim"]!.ToJsonString()));
    }

    [Theory]
    [InlineData("GET", "/v1/models/no-such-model", 404)]
    [InlineData("GET", "/v1/models/no-such-model/metadata", 404)]
    [InlineData("GET", "/v1/models/no-such-model/versions/1", 404)]
    [InlineData("GET", "/v1/models/no-such-model/labels/stable", 404)]
    [InlineData("GET", "/v1/models/st-paths/versions/9", 404)]
    [InlineData("GET", "/v1/models/st-paths/labels/none/metadata", 404)]
    [InlineData("GET", "/v1/models/st-paths/versions/latest", 400)]
    [InlineData("GET", "/v1/models/st-paths/versions/0", 400)]
    [InlineData("GET", "/v1/models/st-paths/labels/1", 400)]
    [InlineData("GET", "/v1/models/st-paths:1", 400)]
    [InlineData("GET", "/v1/models/st-paths:1/metadata", 400)]
    [InlineData("GET", "/v1/models/st-paths/nothing", 404)]
    [InlineData("GET", "/v1", 404)]
    [InlineData("DELETE", "/v1/models/st-paths", 405)]
    [InlineData("GET", "/v1/models/st-paths:predict", 400)]
    public async Task What_is_not_there_has_the_protocols_error(string method, string path, int status)
    {
        await _client.UploadAsync("st-paths", OnnxModel.Linear());

        var answer = await _client.SendJsonAsync(new HttpMethod(method), path);

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal("error", Assert.Single(answer.Body.AsObject()).Key);
    }

    [Fact]
    public async Task HEAD_is_wherever_GET_is()
    {
        await _client.UploadAsync("st-head", OnnxModel.Linear());
        foreach (var path in new[] { "/v1/models", "/v1/models/st-head", "/v1/models/st-head/metadata" })
        {
            using var answer = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
            Assert.Equal((200, ""), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }
    }

    private async Task<string> BodyAsync(string path) => JsonNode.Parse(await _client.GetStringAsync(path))!.ToJsonString();
}
