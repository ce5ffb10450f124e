using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflow;
using Larder.Functions.Tests.Training;

namespace Larder.Functions.Tests.Experiments;

/// <summary>Runs side by side, and the best of them.</summary>
[Collection(nameof(SharedLarder))]
public sealed class CompareTests(LarderFixture larder)
{
    private const string Script = """
        import json, os, shutil, sys
        out = os.environ["LARDER_OUTPUT_DIR"]
        shutil.copy(os.environ["LARDER_DATASET"], os.path.join(out, "model.onnx"))
        with open(os.path.join(out, "metrics.json"), "w") as file:
            json.dump({"accuracy": float(sys.argv[2])}, file)
        """;

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Params_and_metrics_stand_side_by_side()
    {
        var experiment = await _client.NewExperimentAsync();
        var (first, second) = (await LoggedAsync(experiment, """[{"key":"depth","value":"3"},{"key":"seed","value":"1"}]""", 0.5), await LoggedAsync(experiment, """[{"key":"depth","value":"4"},{"key":"seed","value":"1"}]""", 0.75));

        var whole = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/compare?runs={first},{second}")).Body;
        var differences = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/compare?runs={second},{first}&differences=true&metric=accuracy")).Body;
        var newest = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/compare")).Body;
        var filtered = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/compare?filter=params.depth%20%3D%20'4'")).Body;

        Assert.Equal([first, second], whole["runs"]!.AsArray().Select(run => (string)run!["run_id"]!));
        Assert.Equal(
            """[{"name":"depth","values":["3","4"],"differs":true},{"name":"seed","values":["1","1"],"differs":false}]""", whole["params"]!.ToJsonString());
        Assert.Equal(
            """[{"name":"accuracy","values":[0.5,0.75],"steps":[2,2],"differs":true},{"name":"only","values":[0.5,0.75],"steps":[0,0],"differs":true}]""", whole["metrics"]!.ToJsonString());
        Assert.Equal("""[{"name":"depth","values":["4","3"],"differs":true}]""", differences["params"]!.ToJsonString());
        Assert.Equal("""[{"name":"accuracy","values":[0.75,0.5],"steps":[2,2],"differs":true}]""", differences["metrics"]!.ToJsonString());
        Assert.Equal(2, newest["runs"]!.AsArray().Count);
        Assert.Equal(second, (string)Assert.Single(filtered["runs"]!.AsArray())!["run_id"]!);
    }

    [Theory]
    [InlineData("0/compare?runs=a&filter=b", 422, "Give runs or filter, not both.")]
    [InlineData("0/compare?runs=a,a", 422, "runs names a run twice.")]
    [InlineData("0/compare?filter=metrics.x%20%3E%20'a'", 422, "Expected numeric value type for metric 'x'. Found 'a' (at character 13)")]
    [InlineData("17/compare", 404, "No Experiment with id=17 exists")]
    [InlineData("..%2fx/compare", 422, "Invalid experiment ID: '..%2fx'")]
    [InlineData("0/compare?runs=0123456789abcdef0123456789abcdef", 404, "Run with id=0123456789abcdef0123456789abcdef not found")]
    [InlineData("0/champion?direction=max", 422, "metric must name the one metric that decides.")]
    [InlineData("0/champion?metric=a", 422, "direction must be max, when more is better, or min.")]
    [InlineData("0/champion?metric=a&direction=max&dataset=abc", 422, "dataset must be the digest of a data set, or at least its first 4 characters; got 'abc'.")]
    public async Task What_cannot_be_compared_is_refused(string call, int status, string sentence)
    {
        var answer = await _client.GetJsonAsync($"/api/v1/experiments/{call}");

        Assert.Equal((status, sentence), ((int)answer.Status, answer.Description));
    }

    [Fact]
    public async Task The_champion_is_the_best_finished_run_on_the_same_data()
    {
        var experiment = await _client.NewExperimentAsync();
        var good = await FinishedAsync(experiment, "good", 0.9, "aaaa1111");
        var better = await FinishedAsync(experiment, "better", 0.95, "aaaa1111");
        var equal = await FinishedAsync(experiment, "equal", 0.95, "aaaa1111");
        await _client.NewRunAsync(experiment);
        var other = await FinishedAsync(experiment, "other", 0.99, "bbbb2222");

        var mixed = await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/champion?metric=accuracy&direction=max");
        var most = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/champion?metric=accuracy&direction=max&dataset=aaaa")).Body;
        var least = (await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/champion?metric=accuracy&direction=min&dataset=aaaa1111")).Body;
        var none = await _client.GetJsonAsync($"/api/v1/experiments/{experiment}/champion?metric=auc&direction=max");

        Assert.Equal(
            (409, "The runs were not measured on the same data set, so their values cannot be compared: rows.csv (bbbb2222); rows.csv (aaaa1111). Name one with dataset."),
            ((int)mixed.Status, mixed.Description));
        Assert.Equal([better, equal, good], most["ranking"]!.AsArray().Select(run => (string)run!["run_id"]!));
        Assert.Equal(better, (string)most["champion"]!["run_id"]!);
        Assert.Equal(
            "better has accuracy 0.95, the highest of 3 finished runs on rows.csv (aaaa1111). Next is equal with 0.95. Left out: 1 on another data set; 1 not finished.", (string)most["reason"]!);
        Assert.Equal(2, (int)most["left_out"]!);
        Assert.Equal(good, (string)least["champion"]!["run_id"]!);
        Assert.Equal((409, "No run can be the champion: 4 without auc; 1 not finished."), ((int)none.Status, none.Description));
        Assert.NotEqual(other, better);
    }

    [Fact]
    public async Task An_alias_follows_the_champion_of_trainings()
    {
        foreach (var accuracy in new[] { "0.8", "0.9", "0.7" })
        {
            var job = await _client.TrainToEndAsync("champions", Script, options: $$"""{"arguments":["--accuracy","{{accuracy}}"]}""");
            Assert.True((string)job["state"]! == "succeeded", job.ToJsonString());
        }

        var experiment = (string)(await _client.AskAsync("experiments/get-by-name?experiment_name=champions"))["experiment"]!["experiment_id"]!;
        var moved = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/experiments/{experiment}/champion", """{"metric":"accuracy","direction":"max","alias":"champion"}""");
        Assert.True(moved.Status == HttpStatusCode.OK, moved.Description);
        Assert.Equal("champions:champion is version 2", moved.Description);
        Assert.Equal("""{"model":"champions","alias":"champion","previous":null,"current":2}""", moved.Body["alias"]!.ToJsonString());
        Assert.Equal(2, (int)(await _client.GetJsonAsync("/api/v1/models/champions:champion")).Body["version"]!["version"]!);
        var record = Assert.Single(await _client.AuditAsync("subject=model:champions:champion"));
        Assert.Equal(("set_alias", "local", "{\"version\":2}"), ((string)record["what"]!, (string)record["who"]!, record["after"]!.ToJsonString()));

        var refused = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/experiments/{experiment}/champion", """{"metric":"accuracy","direction":"max","alias":"my alias"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        var bare = await _client.NewExperimentAsync();
        await FinishedAsync(bare, "bare", 1, "aaaa1111");
        var without = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/experiments/{bare}/champion", """{"metric":"accuracy","direction":"max","alias":"champion"}""");
        Assert.Equal(HttpStatusCode.Conflict, without.Status);
        Assert.EndsWith("No version was made by that run, so no alias can point at it: register its model first.", without.Description, StringComparison.Ordinal);
    }

    private async Task<string> LoggedAsync(string experiment, string parameters, double accuracy)
    {
        var run = await _client.NewRunAsync(experiment);
        await _client.PostAsync("runs/log-batch", new JsonObject
        {
            ["run_id"] = run,
            ["params"] = JsonNode.Parse(parameters),
            ["metrics"] = new JsonArray(
                new JsonObject { ["key"] = "accuracy", ["value"] = 0.1, ["timestamp"] = 1, ["step"] = 1 },
                new JsonObject { ["key"] = "accuracy", ["value"] = accuracy, ["timestamp"] = 2, ["step"] = 2 },
                new JsonObject { ["key"] = "only", ["value"] = accuracy, ["timestamp"] = 1 }),
        }.ToJsonString());
        return run;
    }

    private async Task<string> FinishedAsync(string experiment, string name, double accuracy, string digest)
    {
        var run = await _client.NewRunAsync(experiment, $$""","run_name":"{{name}}" """);
        await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = "accuracy", ["value"] = accuracy, ["timestamp"] = 1 }.ToJsonString());
        await _client.PostAsync(
            "runs/log-inputs",
            $$$"""{"run_id":"{{{run}}}","datasets":[{"dataset":{"name":"rows.csv","digest":"{{{digest}}}","source_type":"local","source":"rows.csv"},"tags":[{"key":"mlflow.data.context","value":"training"}]}]}""");
        await _client.PostAsync("runs/update", $$"""{"run_id":"{{run}}","status":"FINISHED","end_time":{{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}}}""");
        return run;
    }
}
