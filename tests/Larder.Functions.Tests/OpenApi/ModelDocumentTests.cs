extern alias schemas;

using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.OpenApi;
using schemas::Json.Schema;

namespace Larder.Functions.Tests.OpenApi;

/// <summary>The OpenAPI document of a model: its example is a prediction that works, and its schemas are what the server takes and answers.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ModelDocumentTests(LarderFixture larder)
{
    private static readonly Dictionary<string, (byte[] File, (string Name, string Value)[] Fields)> Models = new()
    {
        ["iris"] = (OnnxModel.Linear(), [("labels", """["setosa","versicolor","virginica"]""")]),
        ["features"] = (OnnxModel.Identity(Datatype.Fp32, -1, 3), [("features", """["a",{"name":"b","missing":true},{"name":"c","default":0.5}]""")]),
        ["strings"] = (OnnxModel.Identity(Datatype.Bytes, -1, 2), []),
        ["booleans"] = (OnnxModel.Identity(Datatype.Bool, 2), []),
        ["scalar"] = (OnnxModel.Identity(Datatype.Int64), []),
        ["several"] = (
            new OnnxModel().Input("a", Datatype.Fp32, -1, 2).Input("b", Datatype.Int32, 3).Output("c", Datatype.Fp32, -1, 2).Output("d", Datatype.Int32, 3).Node("Identity", ["a"], ["c"]).Node("Identity", ["b"], ["d"]).ToBytes(), []),
        ["optional"] = (
            new OnnxModel().Input("w", Datatype.Fp32, 2).Input("x", Datatype.Fp32, -1, 2).Initializer(OnnxTensor.Of("w", [2f, 3f], 2)).Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]).ToBytes(), []),
        ["mixed"] = (
            new OnnxModel().Input("num", Datatype.Fp32, -1, 1).Input("cat", Datatype.Bytes, -1, 1).Output("n", Datatype.Fp32, -1, 1).Output("c", Datatype.Bytes, -1, 1).Node("Identity", ["num"], ["n"]).Node("Identity", ["cat"], ["c"]).ToBytes(), []),
        ["image"] = (OnnxModel.Identity(Datatype.Fp32, -1, 3, 8, 8), []),
        ["maps"] = (OnnxModel.ZipMap(), []),
        ["none"] = (new OnnxModel().Initializer(OnnxTensor.Of("constant", [1f, 2f], 2)).Output("y", Datatype.Fp32, 2).Node("Identity", ["constant"], ["y"]).ToBytes(), []),
        ["sampled"] = (OnnxModel.Identity(Datatype.Fp32, -1, -1), [("sample_inputs", """{"values":[[1,2],[3,4]]}"""), ("sample_outputs", """{"values":[[1,2],[3,4]]}""")]),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_example_is_a_prediction_that_works_and_its_answer_is_as_the_document_says(string name)
    {
        var (document, body, answer) = await DescribeAsync(name);
        var example = document["paths"]![$"/api/v1/models/openapi-{name}/prediction"]!["post"]!["requestBody"]!["content"]!["application/json"]!["example"]!;

        Assert.Null(DocumentedApi.Problem(body, example));
        var predicted = await larder.Client.PredictAsync($"openapi-{name}", example.ToJsonString());

        Assert.True(predicted.Status == HttpStatusCode.OK, predicted.Description);
        Assert.Null(DocumentedApi.Problem(answer, predicted.Body));
    }

    [Theory]
    [InlineData("iris", "[1,2,3,4]", true)]
    [InlineData("iris", "[[1,2,3,4],[1,2,3,4]]", true)]
    [InlineData("iris", """{"x":[[1,2,3,4]]}""", true)]
    [InlineData("iris", "[]", true)]
    [InlineData("iris", "[1,2,3]", false)]
    [InlineData("iris", "1", false)]
    [InlineData("iris", """["a","b","c","d"]""", false)]
    [InlineData("iris", """{"z":[[1,2,3,4]]}""", false)]
    [InlineData("iris", "[1,2,3,null]", false)]
    [InlineData("features", """{"a":1,"b":null,"c":"NaN"}""", true)]
    [InlineData("features", """{"a":[1,2],"b":["Infinity",2],"c":[3,3]}""", true)]
    [InlineData("features", """[{"a":1,"b":2,"c":3}]""", true)]
    [InlineData("features", """{"a":null,"b":1,"c":1}""", false)]
    [InlineData("features", """{"a":1,"b":1}""", false)]
    [InlineData("features", """{"a":1,"b":1,"c":1,"d":1}""", false)]
    [InlineData("strings", """["a","b"]""", true)]
    [InlineData("strings", "[1,2]", false)]
    [InlineData("booleans", "[true,false]", true)]
    [InlineData("booleans", "[1,0]", false)]
    [InlineData("scalar", "7", true)]
    [InlineData("scalar", "[7]", false)]
    [InlineData("scalar", "7.5", false)]
    [InlineData("several", """{"a":[1,2],"b":[1,2,3]}""", true)]
    [InlineData("several", """{"a":[1,2]}""", false)]
    [InlineData("several", "[[1,2]]", false)]
    [InlineData("iris", """{"x_0":1,"x_1":2,"x_2":3,"x_3":4}""", true)]
    [InlineData("iris", """{"x_0":1,"x_1":2,"x_2":3}""", false)]
    [InlineData("mixed", """{"num":[1,2],"cat":["a","b"]}""", true)]
    [InlineData("mixed", """[{"num":1,"cat":"a"},{"num":2,"cat":"b"}]""", true)]
    [InlineData("mixed", """{"num":["a"],"cat":["a"]}""", false)]
    [InlineData("mixed", """[{"num":1,"cat":2}]""", false)]
    [InlineData("mixed", """{"num":[1]}""", false)]
    [InlineData("optional", """{"x":[[1,2]],"w":[0,0]}""", true)]
    [InlineData("optional", """{"w":[0,0]}""", false)]
    [InlineData("image", """{"b64":1}""", false)]
    [InlineData("none", "{}", true)]
    public async Task The_schema_allows_what_the_server_takes_and_no_more(string name, string values, bool isTaken)
    {
        var (_, body, answer) = await DescribeAsync(name);
        var json = $$"""{"values":{{values}}}""";
        var predicted = await larder.Client.PredictAsync($"openapi-{name}", json);

        Assert.True((isTaken ? HttpStatusCode.OK : HttpStatusCode.UnprocessableEntity) == predicted.Status, predicted.Description);
        Assert.Equal(isTaken, DocumentedApi.Problem(body, JsonNode.Parse(json)) is null);
        if (isTaken)
            Assert.Null(DocumentedApi.Problem(answer, predicted.Body));
    }

    [Fact]
    public async Task A_sample_is_the_example_and_without_one_a_model_whose_lengths_vary_has_none()
    {
        var (sampled, _, _) = await DescribeAsync("sampled");
        await larder.Client.UploadAsync("openapi-open", OnnxModel.Identity(Datatype.Fp32, -1, -1));
        var open = (await larder.Client.GetJsonAsync("/api/v1/models/openapi-open/openapi.json")).Body.ToJsonString();

        Assert.Contains("""{"values":[[1,2],[3,4]]}""", sampled.ToJsonString());
        Assert.DoesNotContain("example", open);
    }

    [Fact]
    public async Task The_document_is_that_of_the_version_that_is_asked_for_and_valid()
    {
        await DescribeAsync("iris");
        using var response = await larder.Client.GetAsync("/api/v1/models/openapi-iris:1/openapi.json");
        var text = await response.Content.ReadAsStringAsync();
        var read = OpenApiDocument.Parse(text, OpenApiConstants.Json);

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Equal("/api/v1/models/openapi-iris:1/prediction", Assert.Single(read.Document!.Paths).Key);
        Assert.Contains("\"labels\"", text);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/openapi-nothing/openapi.json")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await larder.Client.GetJsonAsync("/api/v1/models/openapi-iris/openapi.json?x=1")).Status);
    }

    private async Task<(JsonNode Document, JsonSchema Body, JsonSchema Answer)> DescribeAsync(string name)
    {
        var (file, fields) = Models[name];
        await larder.Client.UploadAsync($"openapi-{name}", file, fields: fields);
        var document = (await larder.Client.GetJsonAsync($"/api/v1/models/openapi-{name}/openapi.json")).Body;
        var operation = document["paths"]![$"/api/v1/models/openapi-{name}/prediction"]!["post"]!;
        return (
            document,
            DocumentedApi.SchemaOf(operation["requestBody"]!["content"]!["application/json"]!["schema"]!, document),
            DocumentedApi.SchemaOf(operation["responses"]!["200"]!["content"]!["application/json"]!["schema"]!, document));
    }
}
