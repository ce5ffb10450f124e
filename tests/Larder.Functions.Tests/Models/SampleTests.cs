using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

/// <summary>Golden samples: from an upload, a training or one call; and what they keep from getting requests.</summary>
[Collection(nameof(SharedLarder))]
public sealed class SampleTests(LarderFixture larder)
{
    private const string Inputs = """{"values": [[1, 2], [3, 4]]}""";
    private const string Right = """{"outputs": {"y": [[1, 2], [3, 4]]}}""";
    private const string Wrong = """{"outputs": {"y": [[1, 2], [3.5, 4]]}}""";
    private const string Difference = "For samples[0], output 'y' at [1,0] is 3.5 in the expected outputs and 3 in the model's outputs (atol 1E-05, rtol 0.0001).";

    private static readonly byte[] Model = OnnxModel.Identity(Datatype.Fp32, -1, 2);

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task One_call_records_a_sample_and_others_read_and_remove_it()
    {
        await _client.UploadAsync("sample-one", Model);

        var first = await PostAsync("sample-one", Inputs);
        var second = await PostAsync("sample-one:1", """{"values": ["NaN", 0.1]}""", HttpStatusCode.UnprocessableEntity);
        var third = await PostAsync("sample-one:default", """{"values": [0.1, 7]}""");

        Assert.Equal("Sample 1 of sample-one:1 recorded", first.Description);
        Assert.Contains("a missing value, which this model refuses", second.Description);
        var read = await _client.GetJsonAsync("/api/v1/models/sample-one/samples");
        Assert.Equal(third.Body["samples"]!.ToJsonString(), read.Body["samples"]!.ToJsonString());
        Assert.Equal("""[{"values":[[1,2],[3,4]],"outputs":{"y":[[1,2],[3,4]]}},{"values":[0.1,7],"outputs":{"y":[[0.1,7]]}}]""", read.Body["samples"]!.ToJsonString());
        Assert.Equal("""{"atol":1E-05,"rtol":0.0001}""", read.Body["tolerance"]!.ToJsonString());
        var information = (await _client.GetJsonAsync("/api/v1/models/sample-one/information")).Body["version"]!["samples"]!;
        Assert.Equal(read.Body["check"]!.ToJsonString(), information["check"]!.ToJsonString());
        Assert.Null(information["check"]!["difference"]);
        Assert.Equal("""[{"values":[[1,2],[3,4]]},{"values":[0.1,7]}]""", await _client.GetStringAsync("/api/v1/models/sample-one/files/sample_inputs.json"));
        Assert.Equal("""[{"outputs":{"y":[[1,2],[3,4]]}},{"outputs":{"y":[[0.1,7]]}}]""", await _client.GetStringAsync("/api/v1/models/sample-one/files/sample_outputs.json"));

        var removed = await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/sample-one/samples");
        Assert.Equal("[]", removed.Body["samples"]!.ToJsonString());
        Assert.Null((await _client.GetJsonAsync("/api/v1/models/sample-one")).Body["version"]!["samples"]);
        var records = await _client.AuditAsync("subject=model:sample-one");
        Assert.Equal(["update_version", "update_version", "update_version", "publish"], records.Select(record => (string)record["what"]!));
        Assert.NotNull(records[1]!["after"]!["sample_outputs"]);
    }

    [Fact]
    public async Task An_upload_that_becomes_the_default_must_give_the_outputs_of_its_samples()
    {
        var refused = await UploadAsync("sample-upload", Wrong);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal($"The model does not give the outputs of its samples, and would become the default of sample-upload. {Difference} Correct the model or the samples, or force the upload.", refused.Description);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/sample-upload")).Status);

        Assert.Equal(HttpStatusCode.Created, (await UploadAsync("sample-upload", Right)).Status);
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync("sample-upload", Wrong, ("sample_tolerance", """{"atol": 0.5, "rtol": 0}"""))).Status);
        var forced = await UploadAsync("sample-upload", Wrong, ("force", "true"));
        Assert.Equal(3, (int)forced.Body["default_version"]!);
        Assert.Equal(Difference, (string)forced.Body["version"]!["samples"]!["check"]!["difference"]!);
    }

    [Fact]
    public async Task An_alias_and_the_default_do_not_move_to_a_version_with_other_outputs_unless_forced()
    {
        await UploadAsync("sample-alias", Right);
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/sample-alias/default", """{"default": 1}""");
        var uploaded = await UploadAsync("sample-alias", Wrong);
        Assert.Equal((HttpStatusCode.Created, Difference), (uploaded.Status, (string)uploaded.Body["version"]!["samples"]!["check"]!["difference"]!));

        var alias = await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/sample-alias/aliases/prod", """{"version": 2}""");
        var named = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/sample-alias/default", """{"default": 2}""");
        var newest = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/sample-alias/default", """{"default": null}""");

        Assert.All([alias, named, newest], answer => Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, $"Version 2 of sample-alias does not give the outputs of its samples. {Difference} Correct the samples or their tolerance, or force the move."), (answer.Status, answer.Description)));
        var unchanged = await _client.GetJsonAsync("/api/v1/models/sample-alias");
        Assert.Equal((1, 0), ((int)unchanged.Body["default_version"]!, unchanged.Body["model"]!["aliases"]!.AsObject().Count));
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/sample-alias/aliases/prod?force=true", """{"version": 2}""")).Status);

        // With a wider tolerance it moves without force, and the outcome is told.
        var wider = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/sample-alias:2", """{"sample_tolerance": {"atol": 0.5}}""");
        Assert.Null(wider.Body["version"]!["samples"]!["check"]);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/sample-alias/default", """{"default": null}""")).Status);
        var check = (await _client.GetJsonAsync("/api/v1/models/sample-alias:2/samples")).Body["check"]!;
        Assert.Null(check["difference"]);
        Assert.Contains("larder_samples_checks_total{model=\"sample-alias\",result=\"different\",version=\"2\"} 4", await _client.GetStringAsync("/metrics"));
    }

    [Theory]
    [InlineData("sample_inputs", Inputs, null, null, "sample_inputs and sample_outputs go together; one of them is missing.")]
    [InlineData("sample_inputs", Inputs, "sample_outputs", "[]", "sample_outputs.json must be an object, or a list of objects with at least one.")]
    [InlineData("sample_inputs", Inputs, "sample_outputs", "[1]", "sample_outputs.json must be an object, or a list of objects with at least one.")]
    [InlineData("sample_inputs", Inputs, "sample_outputs", "{", "sample_outputs.json is not JSON.")]
    [InlineData("sample_inputs", """[{"values": 1}, {"values": 2}]""", "sample_outputs", Right, "sample_inputs.json has 2 and sample_outputs.json 1: each sample needs its outputs.")]
    [InlineData("sample_inputs", """{"values": 1, "x": 2}""", "sample_outputs", Right, "Each sample in sample_inputs.json is the body of a prediction, {\"values\": ...}, with no other member.")]
    [InlineData("sample_inputs", Inputs, "sample_outputs", """{"output": 1}""", "sample_outputs.json has 'output'; expected outputs are {\"outputs\": {name: value}} or {\"values\": value of the first output}, as answers have them.")]
    [InlineData("sample_inputs", Inputs, "sample_outputs", """{"outputs": {}}""", "sample_outputs.json needs the expected outputs: {\"outputs\": {name: value}} or {\"values\": value of the first output}, as answers have them.")]
    [InlineData("sample_tolerance", """{"atol": -1}""", null, null, "atol and rtol of the samples' tolerance must be numbers from 0 on.")]
    [InlineData("force", "maybe", null, null, "force must be true or false.")]
    public async Task Samples_that_cannot_be_used_are_refused(string field, string text, string? other, string? otherText, string sentence)
    {
        (string, string)[] fields = other is null ? [(field, text)] : [(field, text), (other, otherText!)];

        var answer = await _client.UploadAsync("sample-refused", Model, fields: fields);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, sentence), (answer.Status, answer.Description));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/sample-refused")).Status);
    }

    [Fact]
    public async Task There_are_limits()
    {
        var many = $"[{string.Join(',', Enumerable.Repeat(Inputs, 101))}]";
        var count = await _client.UploadAsync("sample-limits", Model, fields: [("sample_inputs", many), ("sample_outputs", $"[{string.Join(',', Enumerable.Repeat(Right, 101))}]")]);
        await _client.UploadAsync("sample-limits", Model);
        var large = await PostAsync("sample-limits", $$"""{"values": [{{string.Join(',', Enumerable.Repeat("[0.123456,0.123456]", 54_000))}}]}""", HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "sample_inputs.json has 101 samples; 100 is the most (Limits:Samples:Count)."), (count.Status, count.Description));
        Assert.NotEmpty(large.Description);
    }

    [Fact]
    public async Task An_answer_as_it_was_saved_is_an_expected_output()
    {
        await _client.UploadAsync("sample-saved", Model);
        var saved = (await _client.PredictAsync("sample-saved", Inputs)).Body.ToJsonString();

        Assert.Equal(HttpStatusCode.Created, (await UploadAsync("sample-saved", saved)).Status);
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync("sample-saved", """{"values": [[1, 2], [3, 4]]}""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await UploadAsync("sample-saved", """{"values": [[1, 2], [3, 5]]}""")).Status);
    }

    [Fact]
    public async Task A_training_leaves_samples()
    {
        var right = await TrainAsync(Right);
        var wrong = await TrainAsync(Wrong);

        Assert.True((string)right["state"]! == "succeeded", right.ToString());
        Assert.Equal("failed", (string)wrong["state"]!);
        Assert.Contains("output 'y' at [1,0] is 3.5 in the expected outputs and 3 in the model's outputs", (string)wrong["reason"]!);
        var samples = await _client.GetJsonAsync("/api/v1/models/sample-trained/samples");
        Assert.Equal("""[{"values":[[1,2],[3,4]],"outputs":{"y":[[1,2],[3,4]]}}]""", samples.Body["samples"]!.ToJsonString());

        async Task<JsonNode> TrainAsync(string outputs)
        {
            var script = $"""
                import base64, os
                def leave(name, content):
                    with open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], name), "wb") as file:
                        file.write(base64.b64decode(content))
                leave("model.onnx", "{Convert.ToBase64String(Model)}")
                leave("sample_inputs.json", "{Convert.ToBase64String(Encoding.UTF8.GetBytes(Inputs))}")
                leave("sample_outputs.json", "{Convert.ToBase64String(Encoding.UTF8.GetBytes(outputs))}")
                """;
            var answer = await _client.TrainAsync("sample-trained", script, "a\n1\n"u8.ToArray());
            return await _client.EndOfAsync((string)answer.Body["job"]!["id"]!, () => larder.Log);
        }
    }

    private Task<Answer> UploadAsync(string model, string outputs, params (string, string)[] fields) =>
        _client.UploadAsync(model, Model, fields: [("sample_inputs", Inputs), ("sample_outputs", outputs), .. fields]);

    private async Task<Answer> PostAsync(string reference, string body, HttpStatusCode status = HttpStatusCode.OK)
    {
        var answer = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{reference}/samples", body);
        Assert.Equal(status, answer.Status);
        return answer;
    }
}
