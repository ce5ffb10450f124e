using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflow;
using Larder.Functions.Tests.Scoring;
using Larder.Functions.Tests.Training;
using Larder.Functions.Tests.Uploads;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Lineage;

/// <summary>Where things come from and what came of them, at a running Larder.</summary>
[Collection(nameof(SharedLarder))]
public sealed class LineageTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task From_a_data_set_over_a_job_its_run_and_a_version_to_twin_alias_and_scoring_and_back()
    {
        await _client.AddDatasetAsync("traced", "rows 1.bin", OnnxModel.Linear(classes: 4));
        var taken = await OnlyJobAsync("traced", "dataset");
        var trained = await TrainOnAsync("traced", "datasets/traced/rows 1.bin", """{"compile": {}, "alias": "champion"}""");
        var scored = (string)(await _client.ScoreToEndAsync("traced:1", "1,2,3,4\n5,6,7,8\n", options: """{"header": false}"""))["id"]!;
        var run = (string)(await _client.GetJsonAsync($"/api/v1/jobs/{trained}")).Body["job"]!["run"]!;

        var forwards = await LineageAsync("dataset/traced/rows%201.bin");
        var backwards = await LineageAsync($"job/{scored}");
        var middle = await LineageAsync("version/traced:1");

        Assert.Equal("dataset/traced/rows 1.bin", (string)forwards["root"]!);
        Assert.False((bool)forwards["truncated"]!);
        Assert.Superset(
            new HashSet<string>
            {
                $"job/{taken} made dataset/traced/rows 1.bin", $"dataset/traced/rows 1.bin input job/{trained}", $"job/{trained} logged run/{run}", $"job/{trained} made version/traced:1",
                $"run/{run} made version/traced:1", "version/traced:1 optimized version/traced:2", "version/traced:1 alias alias/traced:default", "version/traced:1 alias alias/traced:champion",
                $"version/traced:1 scored job/{scored}",
            },
            Edges(forwards));
        // What the scoring's own data were is no result of the data set; what it was made of is the way back.
        Assert.DoesNotContain(Edges(forwards), edge => edge.StartsWith("file/", StringComparison.Ordinal));
        Assert.Superset(
            new HashSet<string> { $"version/traced:1 scored job/{scored}", $"job/{trained} made version/traced:1", $"dataset/traced/rows 1.bin input job/{trained}", $"job/{taken} made dataset/traced/rows 1.bin" }, Edges(backwards));
        Assert.Single(Edges(backwards), edge => edge.StartsWith("file/", StringComparison.Ordinal) && edge.EndsWith($" input job/{scored}", StringComparison.Ordinal));
        Assert.DoesNotContain(Edges(backwards), edge => edge.Contains("optimized", StringComparison.Ordinal));
        Assert.Superset(new HashSet<string> { $"dataset/traced/rows 1.bin input job/{trained}", $"version/traced:1 scored job/{scored}", "version/traced:1 optimized version/traced:2" }, Edges(middle));

        var node = forwards["nodes"]!.AsArray().Single(node => (string)node!["key"]! == "dataset/traced/rows 1.bin")!;
        Assert.Equal(("dataset", "traced/rows 1.bin", "/api/v1/datasets/traced/rows%201.bin"), ((string)node["kind"]!, (string)node["id"]!, (string)node["link"]!));
        Assert.Equal(HttpStatusCode.OK, (await _client.GetJsonAsync((string)node["link"]!)).Status);
        Assert.Equal("succeeded", (string)forwards["nodes"]!.AsArray().Single(node => (string)node!["key"]! == $"job/{scored}")!["state"]!);
        foreach (var page in forwards["nodes"]!.AsArray().Select(node => (string)node!["page"]!))
        {
            using var shown = await _client.GetAsync(page);
            Assert.True(shown.StatusCode == HttpStatusCode.OK, page);
        }
    }

    [Fact]
    public async Task A_model_has_the_lineage_of_all_its_versions_and_limits_leave_out_what_is_farthest()
    {
        for (var version = 1; version <= 3; version++)
            Assert.Equal(201, (await _client.UploadAsync("whole", OnnxModel.Linear(classes: version + 1))).Code);

        var whole = await LineageAsync("model/whole");
        var two = await LineageAsync("model/whole?limit=3");
        var near = await LineageAsync("model/whole?depth=1");

        Assert.Superset(new HashSet<string> { "model/whole has version/whole:1", "model/whole has version/whole:2", "model/whole has version/whole:3", "version/whole:3 alias alias/whole:default" }, Edges(whole));
        Assert.Equal((false, true, true), ((bool)whole["truncated"]!, (bool)two["truncated"]!, (bool)near["truncated"]!));
        // The newest versions stay.
        Assert.Equal(["model/whole", "version/whole:3", "version/whole:2"], two["nodes"]!.AsArray().Select(node => (string)node!["key"]!));
        Assert.DoesNotContain(near["nodes"]!.AsArray(), node => (string)node!["kind"]! == "alias");
    }

    [Fact]
    public async Task Runs_of_clients_have_data_sets_logged_models_and_versions()
    {
        var experiment = await _client.NewExperimentAsync();
        var run = await _client.NewRunAsync(experiment);
        await _client.PostAsync(
            "runs/log-inputs", $$"""{"run_id":"{{run}}","datasets":[{"dataset":{"name":"rows/of lineage","digest":"abcd","source_type":"local","source":"rows.csv"},"tags":[]}]}""");
        var model = (string)(await _client.PostAsync("logged-models", $$"""{"experiment_id":"{{experiment}}","source_run_id":"{{run}}","name":"logged"}"""))["model"]!["info"]!["model_id"]!;
        await _client.PostAsync("runs/outputs", $$"""{"run_id":"{{run}}","models":[{"model_id":"{{model}}","step":0}]}""");
        var reader = await _client.NewRunAsync(experiment);
        await _client.PostAsync("runs/log-inputs", $$"""{"run_id":"{{reader}}","models":[{"model_id":"{{model}}"},{"model_id":"m-00000000000000000123456789abcdef"}]}""");

        var forwards = await LineageAsync("run-dataset/rows/of%20lineage@abcd");
        var backwards = await LineageAsync($"run/{reader}");

        Assert.Equal([$"run-dataset/rows/of lineage@abcd input run/{run}", $"run/{run} made logged-model/{model}"], Edges(forwards).Take(2));
        Assert.Superset(new HashSet<string> { $"logged-model/{model} input run/{reader}", $"run/{run} made logged-model/{model}", $"run-dataset/rows/of lineage@abcd input run/{run}" }, Edges(backwards));
        // What a record names and is not there is shown as that.
        Assert.Equal("gone", (string)backwards["nodes"]!.AsArray().Single(node => (string)node!["id"]! == "m-00000000000000000123456789abcdef")!["state"]!);
    }

    [Theory]
    [InlineData("planet/earth", 422, "There is no lineage of the kind 'planet'. The kinds are alias, dataset, file, job, logged-model, model, run, run-dataset, version.")]
    [InlineData("version/none:1", 404, "There is no model none.")]
    [InlineData("version/none", 422, "The id of a version is a model's name and a number, such as iris:3; got 'none'.")]
    [InlineData("version/none:champion", 422, "The id of a version is a model's name and a number, such as iris:3; got 'none:champion'.")]
    [InlineData("alias/none:1", 422, "The id of an alias is a model's name and the alias, such as iris:champion; got 'none:1'.")]
    [InlineData("dataset/none", 422, "The address of an uploaded data set is datasets/{model}/{file_name}.")]
    [InlineData("file/abc", 422, "The id of a file is its SHA-256, 64 lower-case hexadecimal digits; got 'abc'.")]
    [InlineData("job/0000000000000000", 404, "There is no job '0000000000000000'.")]
    [InlineData("model/none?depth=0", 422, "depth must be a whole number from 1 to 20.")]
    [InlineData("model/none?limit=501", 422, "limit must be a whole number from 1 to 500.")]
    public async Task What_is_not_there_is_refused(string call, int status, string sentence)
    {
        var answer = await _client.GetJsonAsync($"/api/v1/lineage/{call}");

        Assert.Equal((status, sentence), (answer.Code, answer.Description));
    }

    private async Task<JsonNode> LineageAsync(string call)
    {
        var answer = await _client.GetJsonAsync($"/api/v1/lineage/{call}");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Description);
        return answer.Body;
    }

    private static HashSet<string> Edges(JsonNode lineage) => [.. lineage["edges"]!.AsArray().Select(edge => $"{edge!["from"]} {edge["relation"]} {edge["to"]}")];

    private async Task<string> OnlyJobAsync(string model, string type) =>
        (string)Assert.Single((await _client.GetJsonAsync($"/api/v1/jobs?model={model}&type={type}")).Body["jobs"]!.AsArray())!["id"]!;

    private async Task<string> TrainOnAsync(string model, string dataset, string options)
    {
        using var form = new MultipartFormDataContent { { new StringContent(TrainingClient.Copy), "script", "train.py" }, { new StringContent(dataset), "dataset" }, { new StringContent(options), "options" } };
        var answer = await _client.PostAsync($"/api/v1/train/{model}", form).ReadAnswerAsync();
        Assert.True(answer.Code == 202, answer.Description);
        var job = await _client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        return (string)job["id"]!;
    }
}
