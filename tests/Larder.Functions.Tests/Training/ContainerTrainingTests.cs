using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Training;

/// <summary>Whole trainings in container instances: containers run bootstrap.py, everything else is as in Azure, token and TLS too.</summary>
public sealed class ContainerTrainingTests : IAsyncLifetime
{
    private ContainerLarder _larder = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => _larder = await ContainerLarder.StartAsync(runCommands: true);

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _larder.DisposeAsync();

    [Fact]
    public async Task A_script_becomes_a_version_that_predicts_and_its_container_group_is_gone()
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples", "iris");
        var script = await File.ReadAllTextAsync(Path.Combine(samples, "train.py"));
        var options = """{"image": "team.azurecr.io/trainer:7", "cpu": 2, "memoryGb": 3.5, "environment": {"TOKEN": {"secret": "hush-hush-hush"}}}""";
        var answer = await _larder.Client.TrainAsync(
            "iris", script, await File.ReadAllBytesAsync(Path.Combine(samples, "iris.csv")), options, datasetName: "iris.csv");
        Assert.True(answer.Status == HttpStatusCode.Accepted, answer.Description);
        var id = (string)answer.Body["job"]!["id"]!;

        var job = await _larder.Client.EndOfAsync(id, () => _larder.Log);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{_larder.Log}");
        Assert.Equal("container-instances", (string)job["backend"]!);
        Assert.Equal(0, (int)job["exit_code"]!);
        Assert.InRange((double)job["metrics"]!["accuracy"]!, 0.9, 1);
        Assert.Equal(
            ["stage", "start", "run", "collect", "find", "validate", "register", "clean_up"], job["steps"]!.AsArray().Select(step => (string)step!["name"]!));
        Assert.Equal(HttpStatusCode.OK, (await _larder.Client.PredictAsync("iris:1", """{"values":[5.1,3.5,1.4,0.2]}""")).Status);
        await AssertWholeAsync(id, lines => Assert.Contains(lines, line => line.Contains("accuracy", StringComparison.Ordinal)));

        Assert.Empty(_larder.Azure.Groups);
        var put = Assert.Single(_larder.Azure.Requests, request => request.Method == "PUT");
        var container = JsonNode.Parse(put.Body)!["properties"]!["containers"]![0]!["properties"]!;
        Assert.Equal("team.azurecr.io/trainer:7", (string)container["image"]!);
        Assert.Equal((2.0, 3.5), ((double)container["resources"]!["requests"]!["cpu"]!, (double)container["resources"]!["requests"]!["memoryInGB"]!));
        Assert.All(container["environmentVariables"]!.AsArray(), variable => Assert.True(variable!["value"] is null && variable["secureValue"] is not null));
        Assert.DoesNotContain("hush-hush", put.Body);
        Assert.DoesNotContain("sig=", _larder.Log);
        Assert.DoesNotContain(_larder.Azure.Token, _larder.Log);
    }

    [Fact]
    public async Task A_script_that_fails_fails_its_job_with_its_exit_code_and_last_words()
    {
        var job = await _larder.Client.TrainToEndAsync("failing", "import sys\nprint('no rows', file=sys.stderr)\nsys.exit(3)");

        Assert.Equal(("failed", 3), ((string)job["state"]!, (int)job["exit_code"]!));
        Assert.Contains("no rows", (string)job["reason"]!);
        Assert.Empty(_larder.Azure.Groups);
    }

    [Fact]
    public async Task A_running_container_that_ignores_signals_is_canceled_and_gone()
    {
        var answer = await _larder.Client.TrainAsync("canceled", """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("running", flush=True)
            os.fork()
            time.sleep(985)
            """);
        var id = (string)answer.Body["job"]!["id"]!;
        await Eventually.TrueAsync(async () => (await LinesAsync(id)).Contains("running"));

        Assert.Equal(HttpStatusCode.Accepted, (await _larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
        var job = await _larder.Client.EndOfAsync(id, () => _larder.Log);

        Assert.True((string)job["state"]! == "canceled", $"{job}\n{_larder.Log}");
        Assert.Empty(_larder.Azure.Groups);
        Assert.Equal(1, _larder.CountOf("POST", id));
    }

    [Fact]
    public async Task A_host_that_is_killed_while_the_container_runs_is_followed_by_one_that_goes_on()
    {
        var answer = await _larder.Client.TrainAsync("killed", $$"""
            {{TrainingClient.Copy}}
            import time
            # Longer than a host takes to start on a busy machine.
            for i in range(300):
                print("line", i, flush=True)
                time.sleep(0.1)
            """);
        var id = (string)answer.Body["job"]!["id"]!;
        await Eventually.TrueAsync(async () => (await LinesAsync(id)).Contains("line 5"));
        var group = await _larder.GroupAsync(id);

        await _larder.ReplaceAsync();
        Assert.Equal("Running", group.ContainerState);
        var job = await _larder.Client.EndOfAsync(id, () => _larder.Log);

        Assert.True((string)job["state"]! == "succeeded", $"{job}\n{_larder.Log}");
        Assert.Single(job["attempts"]!.AsArray());
        Assert.Single((await _larder.Client.GetJsonAsync("/api/v1/models/killed")).Body["versions"]!.AsArray());
        await AssertWholeAsync(id, lines => Assert.Equal(Enumerable.Range(0, 300).Select(i => $"line {i}").Prepend("done"), lines));
        Assert.Equal(1, _larder.CountOf("PUT", id));
        Assert.Empty(_larder.Azure.Groups);
    }

    [Theory]
    [InlineData("""{"gpu": 1}""", "Container instances have no GPUs")]
    [InlineData("""{"image": "python:2"}""", "Allowed: python:3.12-slim, team.azurecr.io/trainer:7.")]
    [InlineData("""{"cpu": 5}""", "cpu must be from 0.1 to 4")]
    public async Task What_the_service_or_the_settings_do_not_have_is_refused_with_a_sentence(string options, string sentence)
    {
        var answer = await _larder.Client.TrainAsync("refused", TrainingClient.Copy, options: options);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(sentence, answer.Description);
        Assert.Empty(_larder.Azure.Requests);
    }

    /// <summary>The log has every line's number, and the script's lines are as expected.</summary>
    private async Task AssertWholeAsync(string job, Action<IReadOnlyList<string>> check)
    {
        var lines = (await _larder.Client.GetJsonAsync($"/api/v1/jobs/{job}/logs?limit=1000")).Body["lines"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, lines.Count).Select(number => (long)number), lines.Select(line => (long)line!["n"]!));
        check(ScriptLines(lines));
    }

    private async Task<IReadOnlyList<string>> LinesAsync(string job)
    {
        var answer = await _larder.Client.GetJsonAsync($"/api/v1/jobs/{job}/logs?limit=1000");
        return answer.Status == HttpStatusCode.OK ? ScriptLines(answer.Body["lines"]!.AsArray()) : [];
    }

    private static List<string> ScriptLines(JsonArray lines) =>
        [.. lines.Where(line => (string)line!["s"]! == "out").Select(line => (string)line!["m"]!)];
}
