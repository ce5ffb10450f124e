using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Scoring;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

/// <summary>Models whose signatures are valid and rare: every list has them, and no list fails because of them.</summary>
[Collection(nameof(SharedLarder))]
public sealed class UnusualModelTests(LarderFixture larder)
{
    private static readonly (string Name, byte[] File)[] Models =
    [
        ("unusual-without-inputs", new OnnxModel()
            .Output("y", Datatype.Fp32, 2)
            .Initializer(OnnxTensor.Of("constant", [1f, 2f], 2))
            .Node("Identity", ["constant"], ["y"])
            .ToBytes()),
        ("unusual-scalar-to-sequence", new OnnxModel()
            .Input("x", Datatype.Fp32)
            .Output("y", OnnxType.Sequence(OnnxType.Tensor(Datatype.Fp32)))
            .Node("SequenceConstruct", ["x", "x"], ["y"])
            .ToBytes()),
    ];

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Every_list_and_view_has_a_model_without_inputs_and_one_without_dimensions()
    {
        foreach (var (name, file) in Models)
            Assert.Equal(HttpStatusCode.Created, (await _client.UploadAsync(name, file)).Status);

        // All routes that take no parameter, from the server's own list; those of Triton that are not supported, and those of a model that must be configured, say so there.
        // MLflow's take theirs in the query.
        var lists = (await _client.GetStringAsync("/help")).Split('\n')
            .Where(line => line.StartsWith("GET", StringComparison.Ordinal) && !line.Contains("(501)", StringComparison.Ordinal) && !line.Contains("Serving:Model", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])
            .Where(path => !path.Contains('{') && !path.StartsWith("/api/2.0/mlflow", StringComparison.Ordinal) && path is not ("/get-artifact" or "/model-versions/get-artifact")).ToList();
        Assert.Contains("/api/v1/models/information", lists);
        foreach (var path in lists.Append("/api/v1/models?detail=true"))
        {
            using var answer = await _client.GetAsync(path);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {await answer.Content.ReadAsStringAsync()}");
        }

        var all = (await _client.GetJsonAsync("/api/v1/models/information")).Body["models"]!.AsArray();
        foreach (var (name, _) in Models)
        {
            Assert.Single(all, model => (string)model!["name"]! == name && (string)model["output_name"]! == "y");
            foreach (var view in new[] { "", "/information", ":1", ":default/information" })
                Assert.Equal("y", (string)(await _client.GetJsonAsync($"/api/v1/models/{name}{view}")).Body["output_name"]!);
        }
    }

    [Fact]
    public async Task Optional_inputs_are_marked_in_the_signature_and_leave_the_model_one_of_a_single_input()
    {
        var model = new OnnxModel()
            .Input("w", Datatype.Fp32, 2).Input("x", Datatype.Fp32, -1, 2).Initializer(OnnxTensor.Of("w", [2f, 3f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]).ToBytes();
        const string Name = "unusual-optional";

        var uploaded = await _client.UploadAsync(Name, model, fields: [("features", """["a","w"]""")]);

        Assert.Equal(HttpStatusCode.Created, uploaded.Status);
        var about = (await _client.GetJsonAsync($"/api/v1/models/{Name}")).Body;
        Assert.Equal(
            """[{"name":"x","kind":"tensor","datatype":"FP32","shape":[-1,2]},{"name":"w","kind":"tensor","datatype":"FP32","shape":[2],"optional":true}]""",
            about["version"]!["signature"]!["inputs"]!.ToJsonString());
        Assert.Equal("x", (string)about["input_name"]!);
        Assert.Equal("[[2,3]]", await ValuesAsync("[1,1]"));
        Assert.Equal("[[2,3]]", await ValuesAsync("""[{"w":1,"a":1}]"""));
        Assert.Equal("[[4,5]]", await ValuesAsync("""{"x":[1,1],"w":[4,5]}"""));
        var v2 = await _client.SendJsonAsync(HttpMethod.Post, $"/v2/models/{Name}/infer",
            """{"inputs":[{"name":"w","shape":[2],"datatype":"FP32","data":[4,5]},{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,1]}]}""");
        Assert.Equal("[4,5]", v2.Body["outputs"]![0]!["data"]!.ToJsonString());
        // The object names inputs: w is the input, and no column of x.
        var refused = await _client.PredictAsync(Name, """{"values":{"w":1,"a":1}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal(["y_0,y_1,model_version,error", "2,3,1,"], await _client.LinesOfAsync(await _client.ScoreToEndAsync(Name, "w,a\n1,1\n"), "csv"));
        var scored = await _client.ScoreToEndAsync(Name, """{"x":[1,1],"w":[4,5]}""", "data.jsonl");
        Assert.Equal("The data set has 'w', which is an optional input of the model and no column: batch inference runs with the value in the model's file. Take it out, or name it in 'keep'.", (string)scored["reason"]!);

        async Task<string> ValuesAsync(string values) => (await _client.PredictAsync(Name, $$"""{"values":{{values}}}""")).Body["values"]!.ToJsonString();
    }

    [Fact]
    public async Task A_model_without_inputs_answers_predictions_and_refuses_what_it_cannot_take()
    {
        var (name, file) = ("unusual-constant", Models[0].File);
        await _client.UploadAsync(name, file);

        var answer = await _client.PredictAsync(name, """{"values": {}}""");
        Assert.Equal((HttpStatusCode.OK, "[1,2]"), (answer.Status, answer.Body["values"]!.ToJsonString()));
        var list = await _client.PredictAsync(name, """{"values": [1]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, list.Status);
        using var picture = new ByteArrayContent([137, 80, 78, 71]) { Headers = { ContentType = new("image/png") } };
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.PostAsync($"/api/v1/models/{name}/prediction", picture).ReadAnswerAsync()).Status);
        Assert.Equal("failed", (string)(await _client.ScoreToEndAsync(name, "a,b\n1,2\n"))["state"]!);
    }
}
