using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.TensorFlowServing;

/// <summary>Predictions in TensorFlow Serving's REST API (api_rest.md, "Predict API") and KServe V1: a case for each rule.</summary>
[Collection(nameof(SharedLarder))]
public sealed class PredictTests(LarderFixture larder) : IAsyncLifetime
{
    private readonly HttpClient _client = larder.Client;

    // y = x, and u = t.
    private static readonly byte[] Two = new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 2).Input("t", Datatype.Bytes, -1).Output("y", Datatype.Fp32, -1, 2).Output("u", Datatype.Bytes, -1)
        .Node("Identity", ["x"], ["y"]).Node("Identity", ["t"], ["u"]).ToBytes();

    // One input for each column, as converters of scikit-learn's pipelines write them.
    private static readonly byte[] Columns = new OnnxModel()
        .Input("age", Datatype.Fp32, -1, 1).Input("job", Datatype.Bytes, -1, 1).Output("y", Datatype.Fp32, -1, 1).Output("u", Datatype.Bytes, -1, 1)
        .Node("Identity", ["age"], ["y"]).Node("Identity", ["job"], ["u"]).ToBytes();

    private static readonly byte[] Bytes = new OnnxModel().Input("t", Datatype.Bytes, -1).Output("t_bytes", Datatype.Bytes, -1).Node("Identity", ["t"], ["t_bytes"]).ToBytes();

    private static readonly byte[] Constant = new OnnxModel().Output("y", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("c", [1f, 2f], 2)).Node("Identity", ["c"], ["y"]).ToBytes();

    // y = x, and total = the sum of all rows, which is no row.
    private static readonly byte[] Total = new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Output("y", Datatype.Fp32, -1, 2).Output("total", Datatype.Fp32)
        .Node("Identity", ["x"], ["y"]).Node(new OnnxNode("ReduceSum", ["x"], ["total"]).Int("keepdims", 0)).ToBytes();

    public async Task InitializeAsync()
    {
        if ((await _client.GetAsync("/v1/models/tf-total")).IsSuccessStatusCode)
            return;
        await _client.UploadAsync("tf-two", Two);
        await _client.UploadAsync("tf-columns", Columns);
        await _client.UploadAsync("tf-b64", Bytes);
        await _client.UploadAsync("tf-constant", Constant);
        foreach (var datatype in Enum.GetValues<Datatype>())
            await _client.UploadAsync($"tf-{datatype.Name().ToLowerInvariant()}", OnnxModel.Identity(datatype, -1, 2));
        await _client.UploadAsync("tf-flat", OnnxModel.Identity(Datatype.Fp32, -1));
        await _client.UploadAsync("tf-scalar", OnnxModel.Identity(Datatype.Fp32));
        await _client.UploadAsync("tf-cube", OnnxModel.Identity(Datatype.Fp32, -1, -1, -1));
        await _client.UploadAsync("tf-fixed", OnnxModel.Identity(Datatype.Fp32, 2, 2));
        await _client.UploadAsync("tf-linear", OnnxModel.Linear());
        await _client.UploadAsync("tf-zipmap", OnnxModel.ZipMap());
        await _client.UploadAsync("tf-optional", new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [2f, 3f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]).ToBytes());
        await _client.UploadAsync("tf-features", OnnxModel.Identity(Datatype.Fp32, -1, 2), fields: [("features", """["a","b"]""")]);
        await _client.UploadAsync("tf-total", Total);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    // One named tensor: the name may be left out, in both formats.
    [InlineData("fp32", """{"instances":[[1,2],[3,4]]}""", """{"predictions":[[1,2],[3,4]]}""")]
    [InlineData("fp32", """{"instances":[{"x":[1,2]},{"x":[3,4]}]}""", """{"predictions":[[1,2],[3,4]]}""")]
    [InlineData("fp32", """{"inputs":[[1,2],[3,4]]}""", """{"outputs":[[1,2],[3,4]]}""")]
    [InlineData("fp32", """{"inputs":{"x":[[1,2],[3,4]]}}""", """{"outputs":[[1,2],[3,4]]}""")]
    // Several: a list of objects, or an object of tensors.
    [InlineData("two", """{"instances":[{"x":[1,2],"t":"a"},{"t":"b","x":[3,4]}]}""", """{"predictions":[{"y":[1,2],"u":"a"},{"y":[3,4],"u":"b"}]}""")]
    [InlineData("two", """{"inputs":{"t":["a","b"],"x":[[1,2],[3,4]]}}""", """{"outputs":{"y":[[1,2],[3,4]],"u":["a","b"]}}""")]
    [InlineData("two", """{"inputs":{"t":["a"],"x":[]}}""", """{"outputs":{"y":[],"u":["a"]}}""")]
    // Scalar rows, scalars, and more dimensions.
    [InlineData("flat", """{"instances":[1,2,3]}""", """{"predictions":[1,2,3]}""")]
    [InlineData("flat", """{"instances":[{"x":1},{"x":2}]}""", """{"predictions":[1,2]}""")]
    [InlineData("scalar", """{"inputs":1.5}""", """{"outputs":1.5}""")]
    [InlineData("cube", """{"instances":[[[1,2],[3,4]],[[5,6],[7,8]]]}""", """{"predictions":[[[1,2],[3,4]],[[5,6],[7,8]]]}""")]
    [InlineData("cube", """{"instances":[{"x":[[1,2],[3,4]]},{"x":[[5,6],[7,8]]}]}""", """{"predictions":[[[1,2],[3,4]],[[5,6],[7,8]]]}""")]
    [InlineData("fixed", """{"instances":[{"x":[1,2]},{"x":[3,4]}]}""", """{"predictions":[[1,2],[3,4]]}""")]
    // Models with one input for each column, without inputs, with optional ones, with names of columns.
    [InlineData("columns", """{"instances":[{"age":[39],"job":["clerk"]}]}""", """{"predictions":[{"y":[39],"u":["clerk"]}]}""")]
    [InlineData("columns", """{"inputs":{"age":[[39]],"job":[["clerk"]]}}""", """{"outputs":{"y":[[39]],"u":[["clerk"]]}}""")]
    [InlineData("constant", """{"inputs":{}}""", """{"outputs":[1,2]}""")]
    [InlineData("constant", """{"instances":[{}]}""", """{"predictions":[1,2]}""")]
    [InlineData("optional", """{"instances":[[1,1]]}""", """{"predictions":[[2,3]]}""")]
    [InlineData("optional", """{"inputs":{"x":[[1,1]],"w":[5,6]}}""", """{"outputs":[[5,6]]}""")]
    [InlineData("optional", """{"instances":[{"x":[1,1],"w":5},{"x":[1,1],"w":6}]}""", """{"predictions":[[5,6],[5,6]]}""")]
    [InlineData("features", """{"instances":[{"x":[1,2]}]}""", """{"predictions":[[1,2]]}""")]
    [InlineData("features", """{"instances":[{"b":2,"a":1},{"a":3,"b":4}]}""", """{"predictions":[[1,2],[3,4]]}""")]
    // Bytes.
    [InlineData("b64", """{"instances":[{"b64":"AP8="},{"b64":""},"a"]}""", """{"predictions":[{"b64":"AP8="},{"b64":""},{"b64":"YQ=="}]}""")]
    [InlineData("b64", """{"instances":[{"t":{"b64":"AP8="}}]}""", """{"predictions":[{"b64":"AP8="}]}""")]
    [InlineData("b64", """{"inputs":[{"b64":"\u0041P8="}]}""", """{"outputs":[{"b64":"AP8="}]}""")]
    [InlineData("b64", """{"inputs":{"t":[{"b64":"AP8="}]}}""", """{"outputs":[{"b64":"AP8="}]}""")]
    [InlineData("bytes", """{"instances":[[{"b64":"YQ=="},"b"]]}""", """{"predictions":[["a","b"]]}""")]
    // signature_name, and keys that the protocol does not know.
    [InlineData("flat", """{"signature_name":"serving_default","instances":[1]}""", """{"predictions":[1]}""")]
    [InlineData("flat", """{"other":{"instances":[9]},"instances":[1],"signature_name":"","parameters":null}""", """{"predictions":[1]}""")]
    public async Task Rows_and_columns(string model, string body, string expected) => Assert.Equal((200, expected), await SendAsync($"tf-{model}", body));

    [Theory]
    [InlineData("bool", "[true,false]", "[true,false]")]
    [InlineData("uint8", "[0,255]", "[0,255]")]
    [InlineData("uint16", "[0,65535]", "[0,65535]")]
    [InlineData("uint32", "[0,4294967295]", "[0,4294967295]")]
    [InlineData("uint64", "[0,18446744073709551615]", "[0,18446744073709551615]")]
    [InlineData("int8", "[-128,127]", "[-128,127]")]
    [InlineData("int16", "[-32768,32767]", "[-32768,32767]")]
    [InlineData("int32", "[-2147483648,2147483647]", "[-2147483648,2147483647]")]
    [InlineData("int64", "[-9223372036854775808,9223372036854775807]", "[-9223372036854775808,9223372036854775807]")]
    [InlineData("fp16", "[1.5,-2]", "[1.5,-2]")]
    [InlineData("bf16", "[1.5,-2]", "[1.5,-2]")]
    [InlineData("fp32", "[0.1,1e3]", "[0.1,1000]")]
    [InlineData("fp64", "[0.1,1e300]", "[0.1,1E+300]")]
    [InlineData("bytes", """["größe",""]""", """["gr\u00F6\u00DFe",""]""")]
    public async Task Every_datatype_comes_and_goes(string type, string row, string expected)
    {
        Assert.Equal((200, $$"""{"predictions":[{{expected}}]}"""), await SendAsync($"tf-{type}", $$"""{"instances":[{{row}}]}"""));
        Assert.Equal((200, $$"""{"predictions":[{{expected}}]}"""), await SendAsync($"tf-{type}", $$"""{"instances":[{"x":{{row}}}]}"""));
        Assert.Equal((200, $$"""{"outputs":[{{expected}}]}"""), await SendAsync($"tf-{type}", $$"""{"inputs":[{{row}}]}"""));
    }

    [Theory]
    [InlineData("two", "", "The body must be a JSON object.")]
    [InlineData("two", "[]", "The body must be a JSON object.")]
    [InlineData("two", """{"instances":[""", "The JSON is not valid")]
    [InlineData("two", """{"instances":[{"x":[1,2],"t":tru""", "The JSON is not valid")]
    [InlineData("two", """{"other":[{"x":nul""", "The JSON is not valid")]
    [InlineData("flat", """{"instances":[1]}}""", "The JSON is not valid")]
    [InlineData("two", "{}", "The request must have instances (row format) or inputs (column format).")]
    [InlineData("flat", """{"instances":[1],"inputs":[1]}""", "The request must have either instances or inputs, once.")]
    [InlineData("flat", """{"instances":[1],"instances":[1]}""", "The request must have either instances or inputs, once.")]
    [InlineData("flat", """{"inputs":[1],"inputs":[1]}""", "The request must have either instances or inputs, once.")]
    [InlineData("flat", """{"signature_name":"other","instances":[1]}""", "Serving signature name 'other' is not known: each model has the signature serving_default only.")]
    [InlineData("flat", """{"signature_name":7,"instances":[1]}""", "signature_name must be a string.")]
    [InlineData("flat", """{"signature_name":"\ud800","instances":[1]}""", "is not known")]
    [InlineData("flat", """{"instances":[]}""", "instances is an empty list: send at least one row")]
    [InlineData("flat", """{"instances":7}""", "instances must be a list; got a number")]
    [InlineData("flat", """{"instances":{"x":[1]}}""", "instances must be a list; got an object")]
    [InlineData("flat", """{"instances":null}""", "instances must be a list; got null")]
    // Lists have all dimensions: a row is not taken for a batch of one.
    [InlineData("fp32", """{"instances":[1,2]}""", "x expects FP32 [-1,2]; got lists nested 1 deep")]
    [InlineData("flat", """{"inputs":1}""", "x expects FP32 [-1]; got a number")]
    [InlineData("scalar", """{"instances":[1]}""", "x expects FP32 []; got a list")]
    [InlineData("scalar", """{"instances":[{"x":1}]}""", "x expects FP32 []; got rows, which an input without dimensions does not have")]
    [InlineData("fp32", """{"instances":[[1,2],[3]]}""", "x expects FP32 [-1,2]; got 1 value in row 1")]
    [InlineData("cube", """{"instances":[[[1,2],[3,4]],[[5,6]]]}""", "got 1 list at [1], but 2 before it")]
    [InlineData("cube", """{"instances":[{"x":[[1,2]]},{"x":[[3]]}]}""", "1 value at [1][0], but 2 before it")]
    [InlineData("fixed", """{"instances":[{"x":[1,2]}]}""", "x expects FP32 [2,2]; got 1 row")]
    [InlineData("fixed", """{"instances":[{"x":[1,2]},{"x":[1,2]},{"x":[1,2]}]}""", "x expects FP32 [2,2]; got more than 2 rows")]
    [InlineData("fp32", """{"instances":[{"x":[1,[2]]}]}""", "got a list at [0][1] where a single value belongs")]
    [InlineData("fp32", """{"instances":[{"x":7}]}""", "got a number at [0] where a list belongs")]
    [InlineData("fp32", """{"instances":[{"x":[1,2]},[3,4]]}""", "instances has a list at [1], where an object with the model's inputs belongs")]
    [InlineData("fp32", """{"instances":[[1,2],{"x":[3,4]}]}""", "got an object at [1] where a list belongs")]
    [InlineData("fp32", """{"instances":[["a","b"]]}""", "x expects FP32 [-1,2]; got a string at [0][0]")]
    [InlineData("int8", """{"instances":[[1.5,2]]}""", "1.5 at [0][0], which is not an integer")]
    [InlineData("int8", """{"instances":[[128,2]]}""", "128 at [0][0], which is out of range")]
    [InlineData("fp32", """{"instances":[[null,2]]}""", "a missing value, which this model refuses")]
    [InlineData("fp32", """{"instances":[[NaN,2]]}""", "a missing value, which this model refuses")]
    // Names.
    [InlineData("two", """{"instances":[[1,2]]}""", "the model has 2 inputs: instances must be a list of objects with x FP32 [-1,2], t BYTES [-1]; got a list")]
    [InlineData("two", """{"inputs":[[1,2]]}""", "the model has 2 inputs: inputs must be an object with x FP32 [-1,2], t BYTES [-1]; got a list")]
    [InlineData("constant", """{"inputs":7}""", "the model has 0 inputs: inputs must be an object")]
    [InlineData("two", """{"instances":[{"x":[1,2]}]}""", "instances lacks t at [0], which expects BYTES [-1]")]
    [InlineData("two", """{"instances":[{"x":[1,2],"t":"a"},{"t":"a"}]}""", "instances lacks x at [1], which expects FP32 [-1,2]")]
    [InlineData("two", """{"instances":[{"x":[1,2],"t":"a","z":1}]}""", "instances has z, which the model does not take; its inputs are x FP32 [-1,2], t BYTES [-1]")]
    [InlineData("two", """{"instances":[{"x":[1,2],"t":"a","x":[1,2]}]}""", "instances has x twice at [0]")]
    [InlineData("two", """{"inputs":{"x":[[1,2]],"t":["a"],"x":[[1,2]]}}""", "inputs has x twice")]
    [InlineData("two", """{"inputs":{"x":[[1,2]]}}""", "inputs lacks t, which expects BYTES [-1]")]
    [InlineData("two", """{"inputs":{"x":[[1,2]],"\ud800":["a"]}}""", "which the model does not take")]
    [InlineData("optional", """{"instances":[{"x":[1,1]},{"x":[1,1],"w":6}]}""", "instances has w at [1], but not before")]
    [InlineData("optional", """{"instances":[{"x":[1,1],"w":5},{"x":[1,1]}]}""", "instances lacks w at [1]")]
    [InlineData("features", """{"instances":[{"x":[1]}]}""", "x expects FP32 [-1,2]; got 1 value")]
    [InlineData("features", """{"instances":[{"a":1}]}""", "instances, row 0, lacks the column b")]
    [InlineData("features", """{"instances":[{"a":1,"b":2,"c":3}]}""", "instances has c, which is no column of the model")]
    // Bytes.
    [InlineData("b64", """{"instances":[{"b64":"A"}]}""", "t expects BYTES [-1]; got an object at [0] whose b64 is not base64")]
    [InlineData("b64", """{"instances":[{"t":{"b64":"\ud800"}}]}""", "whose b64 is not base64")]
    [InlineData("b64", """{"inputs":[{"b64":7}]}""", "t expects BYTES [-1]; got an object at [0]")]
    [InlineData("b64", """{"inputs":[{"b64":"YQ==","c":1}]}""", "t expects BYTES [-1]; got an object at [0]")]
    [InlineData("fp32", """{"inputs":[[{"b64":"YQ=="},1]]}""", "x expects FP32 [-1,2]; got an object at [0][0]")]
    // Answers that have no rows.
    [InlineData("total", """{"instances":[[1,2]]}""", "The output total has shape [], which cannot be divided into the rows of the other outputs: ask in column format, with inputs in the place of instances.")]
    public async Task A_wrong_request_is_400_with_a_sentence(string model, string body, string sentence)
    {
        var (status, answer) = await SendAsync($"tf-{model}", body);

        Assert.Equal(400, status);
        Assert.Contains(sentence, ErrorOf(answer));
    }

    [Fact]
    public async Task An_output_that_is_no_row_is_there_in_column_format() =>
        Assert.Equal((200, """{"outputs":{"y":[[1,2],[3,4]],"total":10}}"""), await SendAsync("tf-total", """{"inputs":[[1,2],[3,4]]}"""));

    [Theory]
    [InlineData("/v1/models/tf-flat:predict", 200)]
    [InlineData("/V1/Models/tf-flat:Predict", 200)]
    [InlineData("/v1/models/tf-flat%3Apredict", 200)]
    [InlineData("/v1/models/tf-flat/versions/1:predict", 200)]
    [InlineData("/v1/models/tf-flat/labels/stable:predict", 200)]
    [InlineData("/v1/models/tf-flat/labels/default:predict", 200)]
    [InlineData("/v1/models/tf-flat/versions/2:predict", 404)]
    [InlineData("/v1/models/tf-flat/labels/none:predict", 404)]
    [InlineData("/v1/models/no-such-model:predict", 404)]
    [InlineData("/v1/models/TF-FLAT:predict", 404)]
    [InlineData("/v1/models/tf-flat:nothing", 404)]
    [InlineData("/v1/models/tf-flat:explain", 501)]
    // A version is a number, a label is not, and a name is a name only.
    [InlineData("/v1/models/tf-flat/versions/stable:predict", 400)]
    [InlineData("/v1/models/tf-flat/versions/01:predict", 400)]
    [InlineData("/v1/models/tf-flat/versions/99999999999999999999:predict", 400)]
    [InlineData("/v1/models/tf-flat/labels/1:predict", 400)]
    [InlineData("/v1/models/tf-flat:1:predict", 400)]
    [InlineData("/v1/models/tf-flat:stable:predict", 400)]
    [InlineData("/v1/models/..x:predict", 400)]
    [InlineData("/v1/models/tf-flat", 405)]
    [InlineData("/v1/models", 405)]
    [InlineData("/v1/models/tf-flat:", 405)]
    [InlineData("/v1/nothing", 404)]
    public async Task Paths_are_those_of_the_protocol(string path, int status)
    {
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/tf-flat/aliases/stable", """{"version":1}""");
        using var response = await _client.PostAsync(path, new StringContent("""{"instances":[1,2]}""", Encoding.UTF8, "application/json"));
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal((status, path), ((int)response.StatusCode, path));
        if (status == 200)
            Assert.Equal("""{"predictions":[1,2]}""", body);
        else
            Assert.NotEmpty(ErrorOf(body));
    }

    [Theory]
    [InlineData("PUT", 405)]
    // The path of a status, whose name is none: TensorFlow Serving has 400 for it, too.
    [InlineData("GET", 400)]
    public async Task Other_methods_are_refused(string method, int status)
    {
        using var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/v1/models/tf-flat:predict"));

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 405)
            Assert.Contains("POST", response.Content.Headers.Allow);
        Assert.NotEmpty(ErrorOf(await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_are_bare_words_in_both_directions()
    {
        await _client.UploadAsync("tf-nan", new OnnxModel().Input("x", Datatype.Fp32, -1).Output("y", Datatype.Fp32, -1).Output("d", Datatype.Fp64, -1).Output("h", Datatype.Fp16, -1).Output("b", Datatype.Bf16, -1)
            .Node("Identity", ["x"], ["y"]).Node(new OnnxNode("Cast", ["x"], ["d"]).Int("to", 11)).Node(new OnnxNode("Cast", ["x"], ["h"]).Int("to", 10)).Node(new OnnxNode("Cast", ["x"], ["b"]).Int("to", 16)).ToBytes());
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/tf-nan", """{"settings":{"missing":"nan"}}""");

        Assert.Equal(
            (200, """{"outputs":{"y":[NaN,Infinity,-Infinity],"d":[NaN,Infinity,-Infinity],"h":[NaN,Infinity,-Infinity],"b":[NaN,Infinity,-Infinity]}}"""),
            await SendAsync("tf-nan", """{"inputs":[NaN,Infinity,-Infinity]}"""));
        Assert.Equal((200, """{"predictions":[{"y":NaN,"d":NaN,"h":NaN,"b":NaN}]}"""), await SendAsync("tf-nan", """{"instances":[{"x":NaN}]}"""));
        Assert.Equal((200, """{"predictions":[{"y":1,"d":1,"h":1,"b":1}]}"""), await SendAsync("tf-nan", """{"name":NaN,"instances":[1]}"""));
    }

    [Fact]
    public async Task A_list_of_maps_is_a_tensor_of_values_and_one_of_keys_which_each_row_has()
    {
        var own = (await _client.PredictAsync("tf-zipmap", """{"values":[[1,2,3,4],[5,6,7,8]]}""")).Body["outputs"]!;
        var probabilities = own["output_probability"]!.AsArray().Select(map => $"[{string.Join(',', map!.AsObject().Select(pair => pair.Value!.ToJsonString()))}]").ToList();
        var labels = own["output_label"]!.AsArray().Select(label => label!.ToJsonString()).ToList();

        var (_, rows) = await SendAsync("tf-zipmap", """{"instances":[[1,2,3,4],[5,6,7,8]]}""");
        var (_, columns) = await SendAsync("tf-zipmap", """{"inputs":[[1,2,3,4],[5,6,7,8]]}""");

        Assert.Equal($$"""{"predictions":[{{string.Join(',', labels.Zip(probabilities, (label, row) => $$"""{"output_label":{{label}},"output_probability":{{row}},"output_probability.keys":[0,1,2]}"""))}}]}""", rows);
        Assert.Equal($$$"""{"outputs":{"output_label":[{{{string.Join(',', labels)}}}],"output_probability":[{{{string.Join(',', probabilities)}}}],"output_probability.keys":[0,1,2]}}""", columns);
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_own_route()
    {
        var own = (await _client.PredictAsync("tf-linear", """{"values":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}""")).Body["outputs"]!;

        var (_, columns) = await SendAsync("tf-linear", """{"inputs":{"x":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}}""");
        var (_, rows) = await SendAsync("tf-linear", """{"instances":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}""");

        Assert.Equal(own.ToJsonString(), JsonNode.Parse(columns)!["outputs"]!.ToJsonString());
        var predictions = JsonNode.Parse(rows)!["predictions"]!.AsArray();
        foreach (var name in new[] { "label", "probabilities" })
            Assert.Equal(own[name]!.ToJsonString(), new JsonArray([.. predictions.Select(row => row![name]!.DeepClone())]).ToJsonString());
    }

    [Fact]
    public async Task A_large_answer_is_sent_in_pieces()
    {
        var rows = string.Join(',', Enumerable.Range(0, 50_000).Select(i => $$"""{"x":[{{i}},0.5],"t":"a"}"""));

        var (status, body) = await SendAsync("tf-two", $$"""{"instances":[{{rows}}]}""");

        Assert.Equal(200, status);
        Assert.Equal(rows.Replace("\"x\"", "\"y\"").Replace("\"t\"", "\"u\""), body[16..^2]);
    }

    [Fact]
    public async Task Hostile_sizes_and_depths_are_400_or_413_and_the_server_goes_on()
    {
        static string Nested(int depth, string inner) => new string('[', depth) + inner + new string(']', depth);
        (string Model, string Body)[] requests =
        [
            ("cube", $$"""{"instances":{{Nested(99, "1")}}}"""), ("cube", $$"""{"instances":{{Nested(100_000, "1")}}}"""), ("flat", $$"""{"other":{{Nested(100_000, "1")}},"instances":[1]}"""),
            ("flat", $$"""{"instances":[{{new string('[', 100_000)}}"""), ("flat", "{\"instances\":[" + string.Concat(Enumerable.Repeat("{\"x\":", 100_000))),
            ("flat", $$"""{"instances":[{{string.Join(',', Enumerable.Repeat("{\"y\":1}", 10_000))}}]}"""),
            ("two", $$"""{"instances":[{{string.Join(',', Enumerable.Repeat("{\"x\":[1,2]}", 10_000))}}]}"""),
            ("flat", """{"instances":[1e400]}"""), ("int64", """{"instances":[[9223372036854775808,1]]}"""),
            ("b64", $$"""{"instances":[{"b64":"{{new string('A', 1_000_001)}}"}]}"""), ("b64", $$"""{"instances":[{{string.Join(',', Enumerable.Repeat("{\"b64\":\"=\"}", 10_000))}}]}"""),
        ];
        foreach (var (model, body) in requests)
        {
            var (status, answer) = await SendAsync($"tf-{model}", body);
            Assert.True(status is 400 or 413, $"{status} {body[..Math.Min(80, body.Length)]}: {answer}");
            Assert.NotEmpty(ErrorOf(answer));
        }

        // Shapes as large as lists may say, without elements.
        var empty = string.Join(',', Enumerable.Repeat("[[],[]]", 10_000));
        Assert.Equal((200, $$"""{"predictions":[{{empty}}]}"""), await SendAsync("tf-cube", $$"""{"instances":[{{empty}}]}"""));
        Assert.Equal((200, """{"predictions":[1]}"""), await SendAsync("tf-flat", """{"instances":[1]}"""));
    }

    [Fact]
    public async Task Bodies_are_JSON()
    {
        using var text = await _client.PostAsync("/v1/models/tf-flat:predict", new StringContent("1,2", Encoding.UTF8, "text/csv"));
        Assert.Equal(415, (int)text.StatusCode);
        Assert.NotEmpty(ErrorOf(await text.Content.ReadAsStringAsync()));
        using var form = await _client.PostAsync("/v1/models/tf-flat:predict", new StringContent("""{"instances":[1]}""", Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.Equal("""{"predictions":[1]}""", await form.Content.ReadAsStringAsync());
    }

    private async Task<(int Status, string Body)> SendAsync(string model, string body)
    {
        using var response = await _client.PostAsync($"/v1/models/{model}:predict", new StringContent(body, Encoding.UTF8, "application/json"));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string ErrorOf(string body)
    {
        var error = JsonNode.Parse(body)!.AsObject();
        Assert.Equal("error", Assert.Single(error).Key);
        return (string)error["error"]!;
    }
}
