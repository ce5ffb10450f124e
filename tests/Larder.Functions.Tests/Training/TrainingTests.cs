using System.Net;
using System.Text.Json.Nodes;
using Larder.Testing;

namespace Larder.Functions.Tests;

[Collection(nameof(SharedLarder))]
public sealed class TrainingTests(LarderFixture larder)
{
    private readonly HttpClient client = larder.Client;

    [Fact]
    public async Task A_script_becomes_a_version_that_predicts()
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples", "iris");
        var script = await File.ReadAllTextAsync(Path.Combine(samples, "train.py"));
        var answer = await client.TrainAsync("trained-iris", script, await File.ReadAllBytesAsync(Path.Combine(samples, "iris.csv")), datasetName: "iris.csv");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var id = (string)answer.Body["job"]!["id"]!;
        Assert.Equal($"/api/v1/jobs/{id}", answer.Headers.Location!.ToString());

        var job = await client.EndOfAsync(id, () => larder.Log);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal(1, (int)job["version"]!);
        Assert.Equal(0, (int)job["exit_code"]!);
        Assert.InRange((double)job["metrics"]!["accuracy"]!, 0.9, 1);
        Assert.Equal(["stage", "start", "run", "collect", "find", "validate", "register", "clean_up"], job["steps"]!.AsArray().Select(step => (string)step!["name"]!));
        Assert.All(job["steps"]!.AsArray(), step => Assert.NotNull(step!["finished"]));

        var version = (await client.GetJsonAsync("/api/v1/models/trained-iris:1")).Body["version"]!;
        Assert.Equal(id, (string)version["job"]!);
        Assert.InRange((double)version["metrics"]!["accuracy"]!, 0.9, 1);
        var prediction = await client.PredictAsync("trained-iris", """{"values":[5.1,3.5,1.4,0.2]}""");
        Assert.Equal(HttpStatusCode.OK, prediction.Status);
    }

    [Fact]
    public async Task A_script_that_fails_fails_its_job_with_its_exit_code_and_last_words()
    {
        var job = await client.TrainToEndAsync("failing", "import sys\nprint('no rows', file=sys.stderr)\nsys.exit(3)");
        Assert.Equal("failed", (string)job["state"]!);
        Assert.Equal(3, (int)job["exit_code"]!);
        Assert.Contains("exit code 3", (string)job["reason"]!);
        Assert.Contains("no rows", (string)job["reason"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetJsonAsync("/api/v1/models/failing")).Status);
    }

    [Theory]
    [InlineData("print('nothing')", "left no model")]
    [InlineData("import os\nfor n in 'a.onnx', 'b.onnx': open(os.path.join(os.environ['LARDER_OUTPUT_DIR'], n), 'w').write(n)", "Several files")]
    [InlineData("import os\nopen(os.path.join(os.environ['LARDER_OUTPUT_DIR'], 'x.onnx'), 'w').write('no model')", "cannot be served")]
    public async Task A_training_without_one_good_model_fails_and_says_what_it_left(string script, string reason)
    {
        var job = await client.TrainToEndAsync("modelless", script);
        Assert.Equal("failed", (string)job["state"]!);
        Assert.Contains(reason, (string)job["reason"]!);
    }

    [Fact]
    public async Task A_training_that_takes_too_long_is_timed_out_and_leaves_nothing_running()
    {
        var job = await client.TrainToEndAsync("slow", "import time, subprocess\nsubprocess.Popen(['sleep', '987'])\ntime.sleep(987)", options: """{"timeout": 2}""");
        Assert.Equal("timed_out", (string)job["state"]!);
        Assert.DoesNotContain("987", await CommandLinesAsync());
    }

    [Fact]
    public async Task A_running_training_can_be_cancelled_again_and_again()
    {
        var answer = await client.TrainAsync("cancelled", "import time\ntime.sleep(986)");
        var id = (string)answer.Body["job"]!["id"]!;
        await Eventually.TrueAsync(async () => (string)(await client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!["state"]! == "running");
        Assert.Equal(HttpStatusCode.Accepted, (await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
        var job = await client.EndOfAsync(id, () => larder.Log);
        Assert.True((string)job["state"]! == "canceled", $"{job}\n{larder.Log}");
        Assert.DoesNotContain("986", await CommandLinesAsync());
        Assert.Equal(HttpStatusCode.OK, (await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
    }

    [Fact]
    public async Task The_gate_moves_the_alias_only_to_a_version_that_is_as_good()
    {
        const string options = """{"alias": "champion", "gate": {"metric": "accuracy", "threshold": 0.5, "against": "champion"}}""";
        var first = await client.TrainToEndAsync("gated", WithAccuracy(0.8), options: options);
        Assert.True((bool)first["gate"]!["passed"]!, first.ToString());
        var worse = await client.TrainToEndAsync("gated", WithAccuracy(0.7), options: options);
        Assert.Equal("succeeded", (string)worse["state"]!);
        Assert.False((bool)worse["gate"]!["passed"]!);
        Assert.Equal(0.8, (double)worse["gate"]!["against_value"]!);
        Assert.Equal(1, await ChampionAsync());
        var better = await client.TrainToEndAsync("gated", WithAccuracy(0.9), options: options);
        Assert.True((bool)better["gate"]!["passed"]!);
        Assert.Equal(3, await ChampionAsync());

        static string WithAccuracy(double value) => $$"""
            {{TrainingClient.Copy}}
            open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], "metrics.json"), "w").write('{"accuracy": {{value.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}')
            """;

        async Task<int> ChampionAsync() => (int)(await client.GetJsonAsync("/api/v1/models/gated:champion")).Body["version"]!["version"]!;
    }

    [Fact]
    public async Task Compiling_registers_the_optimised_graph_as_a_version_linked_both_ways()
    {
        var job = await client.TrainToEndAsync("compiled", TrainingClient.Copy, options: """{"compile": {}}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal(1, (int)job["version"]!);
        Assert.True(job["optimized_version"] is not null, job.ToString());
        var optimized = (await client.GetJsonAsync($"/api/v1/models/compiled:{job["optimized_version"]}")).Body["version"]!;
        Assert.Equal(1, (int)optimized["optimized_from"]!);
        Assert.Equal(2, (int)(await client.GetJsonAsync("/api/v1/models/compiled:1")).Body["version"]!["optimized_to"]!);
        Assert.Equal(1, (int)(await client.GetJsonAsync("/api/v1/models/compiled")).Body["version"]!["version"]!);
    }

    [Fact]
    public async Task The_same_key_answers_the_same_job_and_refuses_other_inputs()
    {
        var first = await client.TrainAsync("keyed", TrainingClient.Copy, key: "k-1");
        var again = await client.TrainAsync("keyed", TrainingClient.Copy, key: "k-1");
        Assert.Equal((string)first.Body["job"]!["id"]!, (string)again.Body["job"]!["id"]!);
        Assert.Equal(HttpStatusCode.Conflict, (await client.TrainAsync("keyed", TrainingClient.Copy + "#", key: "k-1")).Status);
        Assert.Equal(1, (int)(await client.EndOfAsync((string)first.Body["job"]!["id"]!))["version"]!);
    }

    [Fact]
    public async Task A_job_that_has_ended_can_be_run_again_with_its_secrets_which_nobody_sees()
    {
        const string script = TrainingClient.Copy + "\nassert os.environ['TOKEN'] == 'hush-hush-hush'\n";
        var first = await client.TrainToEndAsync("retried", script, options: """{"environment": {"TOKEN": {"secret": "hush-hush-hush"}}}""");
        Assert.Equal("succeeded", (string)first["state"]!);
        Assert.DoesNotContain("hush-hush", first.ToString());
        var answer = await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{first["id"]}/retry");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var second = await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        Assert.Equal("succeeded", (string)second["state"]!);
        Assert.Equal((string)first["id"]!, (string)second["retry_of"]!);
        Assert.Equal(2, (int)second["version"]!);
        Assert.DoesNotContain("hush-hush", larder.Log);
    }

    [Theory]
    [InlineData("""{"timeout": 0}""")]
    [InlineData("""{"timeout": "1h"}""")]
    [InlineData("""{"gpu": 1}""")]
    [InlineData("""{"image": "python:3.12"}""")]
    [InlineData("""{"memory": 3}""")]
    [InlineData("""{"gate": {"metric": "accuracy"}, "alias": "champion"}""")]
    [InlineData("""{"gate": {"metric": "accuracy", "threshold": 1}}""")]
    [InlineData("""{"gate": {"metric": "accuracy", "threshold": 1, "direction": "up"}, "alias": "a"}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task Options_that_cannot_be_had_are_refused_before_anything_is_made(string options)
    {
        var answer = await client.TrainAsync("refused", TrainingClient.Copy, options: options);
        Assert.True(answer.Status == HttpStatusCode.UnprocessableEntity, $"{options}: {answer.Code} {answer.Description}");
        Assert.Equal(422, answer.Code);
        Assert.False(string.IsNullOrWhiteSpace(answer.Description));
    }

    private static async Task<string> CommandLinesAsync()
    {
        var lines = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => Path.GetFileName(folder).All(char.IsAsciiDigit)))
        {
            try
            {
                lines.Add((await File.ReadAllTextAsync(Path.Combine(folder, "cmdline"))).Replace('\0', ' '));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended.
            }
        }

        return string.Join('\n', lines.Where(line => line.StartsWith("sleep", StringComparison.Ordinal) || line.Contains("train.py", StringComparison.Ordinal)));
    }
}
