using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.TensorFlowServing;

/// <summary>Classify and regress in TensorFlow Serving's REST API (api_rest.md, "Classify and Regress API"): a case for each rule.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ExampleTests(LarderFixture larder) : IAsyncLifetime
{
    private readonly HttpClient _client = larder.Client;

    // Scores are the inputs themselves: the answers are those of the test, not of weights.
    private static readonly byte[] Scores = OnnxModel.Identity(Datatype.Fp32, -1, 2);

    // y = age + weight: one input for each column, of two shapes.
    private static readonly byte[] Columns = new OnnxModel()
        .Input("age", Datatype.Fp32, -1, 1).Input("weight", Datatype.Fp32, -1).Input("job", Datatype.Bytes, -1, 1).Output("y", Datatype.Fp32, -1, 1).Output("u", Datatype.Bytes, -1, 1)
        .Initializer(OnnxTensor.Of("axes", [1L], 1)).Node("Unsqueeze", ["weight", "axes"], ["column"]).Node("Add", ["age", "column"], ["y"]).Node("Identity", ["job"], ["u"]).ToBytes();

    // The sum of an image's elements.
    private static readonly byte[] Image = new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 2, 2).Output("y", Datatype.Fp32, -1)
        .Initializer(OnnxTensor.Of("axes", [1L, 2L], 2)).Node(new OnnxNode("ReduceSum", ["x", "axes"], ["y"]).Int("keepdims", 0)).ToBytes();

    private static readonly byte[] Texts = new OnnxModel()
        .Input("t", Datatype.Bytes, -1, 2).Output("u", Datatype.Bytes, -1, 2).Output("y", Datatype.Fp32, 1)
        .Initializer(OnnxTensor.Of("c", [7f], 1)).Node("Identity", ["t"], ["u"]).Node("Identity", ["c"], ["y"]).ToBytes();

    public async Task InitializeAsync()
    {
        if ((await _client.GetAsync("/v1/models/ex-texts")).IsSuccessStatusCode)
            return;
        await _client.UploadAsync("ex-scores", Scores);
        await _client.UploadAsync("ex-labels", Scores, fields: [("labels", """["no","yes"]"""), ("features", """["a",{"name":"b","default":9}]""")]);
        await _client.UploadAsync("ex-numbers", OnnxModel.Identity(Datatype.Fp32, -1));
        await _client.UploadAsync("ex-open", OnnxModel.Identity(Datatype.Fp32, -1, -1));
        await _client.UploadAsync("ex-wide", OnnxModel.Identity(Datatype.Fp32, -1, -1, -1));
        await _client.UploadAsync("ex-fixed", OnnxModel.Identity(Datatype.Fp32, 2, 2));
        await _client.UploadAsync("ex-integers", OnnxModel.Identity(Datatype.Int64, -1, 2));
        await _client.UploadAsync("ex-linear", OnnxModel.Linear());
        await _client.UploadAsync("ex-zipmap", OnnxModel.ZipMap());
        await _client.UploadAsync("ex-named-zipmap", OnnxModel.ZipMap(), fields: [("labels", """["setosa","versicolor","virginica"]""")]);
        await _client.UploadAsync("ex-columns", Columns);
        await _client.UploadAsync("ex-image", Image);
        await _client.UploadAsync("ex-scalar", OnnxModel.Identity(Datatype.Fp32));
        await _client.UploadAsync("ex-two", new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Output("y", Datatype.Fp32, -1, 2).Output("z", Datatype.Fp32, -1, 2)
            .Node("Identity", ["x"], ["y"]).Node("Identity", ["x"], ["z"]).ToBytes());
        await _client.UploadAsync("ex-optional", new OnnxModel().Input("x", Datatype.Fp32, -1).Input("w", Datatype.Fp32, -1).Initializer(OnnxTensor.Of("w", [2f], 1))
            .Output("y", Datatype.Fp32, -1).Node("Mul", ["x", "w"], ["y"]).ToBytes());
        await _client.UploadAsync("ex-texts", Texts);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("scores:classify", """{"examples":[{"x":[0.25,0.75]},{"x":[1,0]}]}""", """{"result":[[["",0.25],["",0.75]],[["",1],["",0]]]}""")]
    [InlineData("labels:classify", """{"examples":[{"x":[0.25,0.75]}]}""", """{"result":[[["no",0.25],["yes",0.75]]]}""")]
    [InlineData("open:classify", """{"examples":[{"x":[1,2,3]},{"x":[4,5,6]}]}""", """{"result":[[["",1],["",2],["",3]],[["",4],["",5],["",6]]]}""")]
    [InlineData("open:classify", """{"examples":[{"x":[]}]}""", """{"result":[[]]}""")]
    [InlineData("fixed:classify", """{"examples":[{"x":[1,2]},{"x":[3,4]}]}""", """{"result":[[["",1],["",2]],[["",3],["",4]]]}""")]
    [InlineData("numbers:regress", """{"examples":[{"x":1},{"x":[2]}]}""", """{"result":[1,2]}""")]
    [InlineData("open:regress", """{"examples":[{"x":1},{"x":[2]}]}""", """{"result":[1,2]}""")]
    [InlineData("columns:regress", """{"examples":[{"age":39,"weight":1,"job":"clerk"},{"job":["cook"],"age":[50],"weight":[2]}]}""", """{"result":[40,52]}""")]
    [InlineData("image:regress", """{"examples":[{"x":[1,2,3,4]},{"x":[5,6,7,8]}]}""", """{"result":[10,26]}""")]
    [InlineData("optional:regress", """{"examples":[{"x":1},{"x":2}]}""", """{"result":[2,4]}""")]
    [InlineData("optional:regress", """{"examples":[{"x":1,"w":5},{"x":2,"w":6}]}""", """{"result":[5,12]}""")]
    // Features by the version's names, in any order, with defaults.
    [InlineData("labels:classify", """{"examples":[{"b":0.75,"a":0.25},{"a":[1],"b":[0]}]}""", """{"result":[[["no",0.25],["yes",0.75]],[["no",1],["yes",0]]]}""")]
    [InlineData("labels:classify", """{"examples":[{"a":1,"b":null}]}""", """{"result":[[["no",1],["yes",9]]]}""")]
    // What examples share; an example's own value counts.
    [InlineData("columns:regress", """{"context":{"age":10,"job":"clerk"},"examples":[{"weight":1},{"weight":2,"age":20},{"weight":3}]}""", """{"result":[11,22,13]}""")]
    [InlineData("columns:regress", """{"examples":[{"weight":1},{"weight":2}],"context":{"age":[10],"job":["clerk"]}}""", """{"result":[11,12]}""")]
    [InlineData("numbers:regress", """{"context":{"x":5},"examples":[{},{}]}""", """{"result":[5,5]}""")]
    [InlineData("numbers:regress", """{"context":{},"examples":[{"x":5}]}""", """{"result":[5]}""")]
    [InlineData("labels:classify", """{"context":{"a":0.25},"examples":[{"b":0.75},{"a":1,"b":0}]}""", """{"result":[[["no",0.25],["yes",0.75]],[["no",1],["yes",0]]]}""")]
    [InlineData("labels:classify", """{"context":{"x":[1,2]},"examples":[{}]}""", """{"result":[[["no",1],["yes",2]]]}""")]
    [InlineData("labels:classify", """{"context":{"a":1,"b":2},"examples":[{}]}""", """{"result":[[["no",1],["yes",2]]]}""")]
    // Bytes, signature_name, unknown keys.
    [InlineData("texts:regress", """{"examples":[{"t":[{"b64":"AP8="},"a"]}]}""", """{"result":[7]}""")]
    [InlineData("numbers:regress", """{"signature_name":"serving_default","other":[{"examples":7}],"examples":[{"x":1}]}""", """{"result":[1]}""")]
    public async Task Examples_are_classified_and_regressed(string path, string body, string expected) => Assert.Equal((200, expected), await SendAsync($"ex-{path}", body));

    [Theory]
    [InlineData("scores:classify", "{}", "A request to classify must have examples")]
    [InlineData("scores:classify", "[]", "The body must be a JSON object.")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,""", "The JSON is not valid")]
    [InlineData("scores:classify", """{"other":[nul""", "The JSON is not valid")]
    [InlineData("scores:classify", """{"instances":[[1,2]]}""", "A request to classify must have examples")]
    [InlineData("scores:classify", """{"examples":[]}""", "examples is an empty list: send at least one row")]
    [InlineData("scores:classify", """{"examples":7}""", "examples must be a list; got a number")]
    [InlineData("scores:classify", """{"examples":{"x":[1,2]}}""", "examples must be a list; got an object")]
    [InlineData("scores:classify", """{"examples":[[1,2]]}""", "examples has a list at [0], where an object with the model's inputs belongs")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2]}],"examples":[{"x":[1,2]}]}""", "The request has examples twice.")]
    [InlineData("scores:classify", """{"context":{},"examples":[{"x":[1,2]}],"context":{}}""", "The request has context twice.")]
    [InlineData("scores:classify", """{"context":[],"examples":[{"x":[1,2]}]}""", "context must be an object; got a list")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2]}],"context":7}""", "context must be an object; got a number")]
    [InlineData("scores:classify", """{"signature_name":"other","examples":[{"x":[1,2]}]}""", "Serving signature name 'other' is not known")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2,3]}]}""", "x expects FP32 [-1,2]; got more than the 2 elements of a row")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2]},{"x":1}]}""", "x expects FP32 [-1,2]; got 1 element, where a row has 2")]
    [InlineData("scores:classify", """{"examples":[{"x":["a","b"]}]}""", "x expects FP32 [-1,2]; got a string at element 0")]
    [InlineData("scores:classify", """{"examples":[{"x":[{"b64":"YQ=="},1]}]}""", "x expects FP32 [-1,2]; got an object at element 0")]
    [InlineData("texts:regress", """{"examples":[{"t":[{"b64":"!"},"a"]}]}""", "t expects BYTES [-1,2]; got an object at element 0 whose b64 is not base64")]
    [InlineData("open:classify", """{"examples":[{"x":[1,2]},{"x":[1]}]}""", "got 1 element, where a row has 2")]
    [InlineData("fixed:classify", """{"examples":[{"x":[1,2]}]}""", "x expects FP32 [2,2]; got shape [1,2]")]
    [InlineData("scores:classify", """{"examples":[{"z":1}]}""", "examples has z, which the model does not take; its inputs are x FP32 [-1,2]")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2],"x":[1,2]}]}""", "examples has x twice at [0]")]
    [InlineData("scores:classify", """{"examples":[{"x":[1,2]},{}]}""", "examples lacks x at [1], which expects FP32 [-1,2]")]
    [InlineData("scores:classify", """{"context":{"z":1},"examples":[{"x":[1,2]}]}""", "context has z, which the model does not take")]
    [InlineData("scores:classify", """{"context":{"x":[1,2],"x":[1,2]},"examples":[{}]}""", "context has x twice")]
    [InlineData("optional:regress", """{"examples":[{"x":1},{"x":2,"w":6}]}""", "examples has w at [1], but not before")]
    [InlineData("labels:classify", """{"examples":[{"a":1}]}""", "examples, row 0, lacks the column b")]
    [InlineData("labels:classify", """{"examples":[{"a":[1,2],"b":1}]}""", "several values in row 0, column 'a', which has one")]
    [InlineData("labels:classify", """{"examples":[{"a":[],"b":1}]}""", "in row 0, column 'a', where a single value belongs")]
    [InlineData("labels:classify", """{"examples":[{"a":1,"b":1,"a":1}]}""", "examples has a twice")]
    [InlineData("labels:classify", """{"context":{"c":1},"examples":[{"a":1,"b":1}]}""", "examples has c, which is no column of the model")]
    // Models whose outputs or inputs do not allow it.
    [InlineData("numbers:classify", """{"examples":[{"x":1}]}""", "The method classify needs exactly one output with a floating-point score for each class, and the model has 0: use :predict.")]
    [InlineData("integers:classify", """{"examples":[{"x":[1,2]}]}""", "and the model has 0: use :predict.")]
    [InlineData("two:classify", """{"examples":[{"x":[1,2]}]}""", "and the model has 2: use :predict.")]
    [InlineData("scores:regress", """{"examples":[{"x":[1,2]}]}""", "The method regress needs exactly one output with one floating-point number for each example, and the model has 0: use :predict.")]
    [InlineData("open:regress", """{"examples":[{"x":[1,2]}]}""", "The output y has shape [1,2], which does not regress 1 examples: use :predict.")]
    [InlineData("texts:regress", """{"examples":[{"t":["a","b"]},{"t":["a","b"]}]}""", "The output y has shape [1], which does not regress 2 examples: use :predict.")]
    [InlineData("scalar:regress", """{"examples":[{"x":1}]}""", "regress needs exactly one")]
    [InlineData("wide:classify", """{"examples":[{"x":1}]}""", "classify needs exactly one")]
    public async Task A_wrong_request_is_400_with_a_sentence(string path, string body, string sentence)
    {
        var (status, answer) = await SendAsync($"ex-{path}", body);

        Assert.Equal(400, status);
        var error = JsonNode.Parse(answer)!.AsObject();
        Assert.Equal("error", Assert.Single(error).Key);
        Assert.Contains(sentence, (string)error["error"]!);
    }

    [Fact]
    public async Task Labels_of_a_map_are_its_keys_or_what_the_version_calls_them()
    {
        const string body = """{"examples":[{"float_input":[1,2,3,4]},{"float_input":[5,6,7,8]}]}""";
        var own = (await _client.PredictAsync("ex-zipmap", """{"values":[[1,2,3,4],[5,6,7,8]]}""")).Body["outputs"]!["output_probability"]!.AsArray();
        string Expected(params string[] labels) => $$"""{"result":[{{string.Join(',', own.Select(map => $"[{string.Join(',', map!.AsObject().Zip(labels, (pair, label) => $"[\"{label}\",{pair.Value!.ToJsonString()}]"))}]"))}}]}""";

        Assert.Equal((200, Expected("0", "1", "2")), await SendAsync("ex-zipmap:classify", body));
        Assert.Equal((200, Expected("setosa", "versicolor", "virginica")), await SendAsync("ex-named-zipmap:classify", body));
    }

    [Fact]
    public async Task The_scores_are_those_of_the_own_route_by_version_and_label_too()
    {
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/ex-linear/aliases/stable", """{"version":1}""");
        var own = (await _client.PredictAsync("ex-linear", """{"values":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}""")).Body["outputs"]!["probabilities"]!;

        foreach (var path in new[] { "ex-linear", "ex-linear/versions/1", "ex-linear/labels/stable" })
        {
            var (_, answer) = await SendAsync($"{path}:Classify", """{"examples":[{"x":[5.1,3.5,1.4,0.2]},{"x":[1,2,3,4]}]}""");
            var scores = JsonNode.Parse(answer)!["result"]!.AsArray().Select(row => new JsonArray([.. row!.AsArray().Select(pair => pair![1]!.DeepClone())])).ToArray<JsonNode?>();
            Assert.Equal(own.ToJsonString(), new JsonArray(scores).ToJsonString());
        }
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_are_bare_words()
    {
        await _client.UploadAsync("ex-nan", OnnxModel.Identity(Datatype.Fp32, -1, -1));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/ex-nan", """{"settings":{"missing":"nan"}}""");

        Assert.Equal((200, """{"result":[[["",NaN],["",-Infinity]]]}"""), await SendAsync("ex-nan:classify", """{"examples":[{"x":[NaN,-Infinity]}]}"""));
        Assert.Equal((200, """{"result":[Infinity]}"""), await SendAsync("ex-nan:regress", """{"examples":[{"x":Infinity}]}"""));
    }

    [Fact]
    public async Task A_context_that_many_examples_share_has_a_limit()
    {
        var context = string.Join(',', Enumerable.Repeat("0", 100_000));
        foreach (var example in new[] { "{}", "{\"x\":[1]}" })
        {
            var (status, answer) = await SendAsync("ex-open:classify", $$"""{"context":{"x":[{{context}}]},"examples":[{{string.Join(',', Enumerable.Repeat(example, 100_000))}}]}""");
            Assert.Equal(400, status);
            Assert.Contains("which is too much for 100000 examples", answer);
        }

        Assert.Equal((200, """{"result":[1]}"""), await SendAsync("ex-numbers:regress", """{"examples":[{"x":1}]}"""));
    }

    private async Task<(int Status, string Body)> SendAsync(string path, string body)
    {
        using var response = await _client.PostAsync($"/v1/models/{path}", new StringContent(body, Encoding.UTF8, "application/json"));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
