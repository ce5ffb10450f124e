using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class FailedTrainingTests(TrainingFixture larder)
{
    [Fact]
    public async Task A_script_that_fails_fails_its_job_with_its_exit_code_and_last_words()
    {
        var job = await FailAsync("fails", """
            import sys
            print("reading")
            print("no rows\nin data.csv", file=sys.stderr)
            sys.exit(3)
            """);

        Assert.Equal(3, (int)job["exit_code"]!);
        Assert.Equal("The script ended with exit code 3: in data.csv", (string?)job["reason"]);
        Assert.Equal((3, "The script ended with exit code 3: in data.csv"), ((int)job["attempts"]![0]!["exit_code"]!, (string?)job["attempts"]![0]!["reason"]));
        Assert.Equal(["err in data.csv", "err no rows", "out reading"], (await larder.LinesAsync((string)job["id"]!)).Where(line => !line.StartsWith("sys")).Order());
    }

    [Fact]
    public async Task A_script_with_a_mistake_fails_with_the_error_that_Python_shows()
    {
        var jobs = await Task.WhenAll(
            FailAsync("mistake-1", "def train(:\n  pass"),
            FailAsync("mistake-2", "import no_such_package"),
            FailAsync("mistake-3", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"));

        Assert.StartsWith("The script ended with exit code 1: SyntaxError", (string?)jobs[0]["reason"]);
        Assert.Equal("The script ended with exit code 1: ModuleNotFoundError: No module named 'no_such_package'", (string?)jobs[1]["reason"]);
        Assert.Equal("The script was ended by signal 11 (SIGSEGV).", (string?)jobs[2]["reason"]);
        Assert.Equal(139, (int)jobs[2]["exit_code"]!);
    }

    [Fact]
    public async Task Memory_and_CPU_time_beyond_the_limits_end_the_script_and_not_the_host()
    {
        var jobs = await Task.WhenAll(
            FailAsync("greedy-memory", "held = []\nwhile True:\n    held.append(bytearray(10_000_000))", """{"memoryGb": 0.5}"""),
            larder.TrainAsync("greedy-cpu", "while True:\n    pass", options: """{"cpu": 0.1, "timeout": 20}"""));

        // Where control groups can be made they limit the job as a whole: then it is killed, and gets its cores so slowly that its time is up first.
        Assert.Contains((string?)jobs[0]["reason"], new[] { "The script ended with exit code 1: MemoryError", "The script was ended by signal 9 (SIGKILL), perhaps for want of memory." });
        Assert.Contains(((string?)jobs[1]["state"], (string?)jobs[1]["reason"]), new (string?, string?)[]
        {
            ("failed", "The script was ended by signal 24 (SIGXCPU), having used more CPU time than it may."),
            ("timed_out", "It ran longer than 20 seconds, which is its time-out, and was stopped."),
        });
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.GetJsonAsync("/readyz")).Status);
    }

    [Fact]
    public async Task Without_one_model_the_job_fails_with_what_was_found()
    {
        var jobs = await Task.WhenAll(
            FailAsync("none", "print('nothing')"),
            FailAsync("other", Write("weights.bin", "log.txt")),
            FailAsync("two", Write("a.onnx", "sub/b.onnx")),
            FailAsync("named", Write("a.onnx", "larder.json")),
            FailAsync("misspelt", "import os\nopen(os.environ['LARDER_OUTPUT_DIR'] + '/larder.json', 'w').write('{\"lables\": [\"a\"]}')"));

        Assert.Equal("The training left no model: a file called none or none.onnx was expected, or one .onnx file, in LARDER_OUTPUT_DIR or the script's folder. It left: nothing.", (string?)jobs[0]["reason"]);
        Assert.EndsWith("It left: log.txt, weights.bin.", (string?)jobs[1]["reason"]);
        Assert.Contains("name one in larder.json", (string?)jobs[2]["reason"]);
        Assert.EndsWith("They are: a.onnx, sub/b.onnx.", (string?)jobs[2]["reason"]);
        Assert.All(jobs[3..], job => Assert.StartsWith("larder.json cannot be read", (string?)job["reason"]));
        // They are kept with the job all the same.
        Assert.Equal(["a.onnx", "sub/b.onnx"], jobs[2]["outputs"]!.AsArray().Select(output => (string)output!["path"]!).Order());

        static string Write(params string[] names) => $$"""
            import os
            for name in {{new JsonArray([.. names.Select(name => (JsonNode)name)]).ToJsonString()}}:
                path = os.path.join(os.environ["LARDER_OUTPUT_DIR"], name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w").write(name)
            """;
    }

    [Fact]
    public async Task A_model_that_cannot_be_served_fails_the_job_with_the_reason_that_an_upload_gets()
    {
        var garbage = "this is no model"u8.ToArray();
        var unknown = new OnnxModel().Input("x", Datatype.Fp32, 1).Output("y", Datatype.Fp32, 1).Node("Frobnicate", ["x"], ["y"]).ToBytes();
        var cut = OnnxModel.Linear(features: 40)[..^100];
        // Their bytes are spoilt on the way in, or they would be kept as inputs are.
        const string script = "import os\nopen(os.path.join(os.environ['LARDER_OUTPUT_DIR'], 'm.onnx'), 'wb').write(open(os.environ['LARDER_DATASET'], 'rb').read()[::-1])";
        foreach (var model in new[] { garbage, unknown, cut })
        {
            var job = await FailAsync("broken", script, dataset: [.. model.Reverse()]);

            var upload = await larder.Client.UploadAsync("broken", model);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, upload.Status);
            Assert.Equal($"The trained model cannot be served: {upload.Description}", (string?)job["reason"]);
            Assert.Equal("validate", (string?)job["steps"]!.AsArray().First(step => (string?)step!["detail"] == (string?)job["reason"])!["name"]);
            var sha = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(model));
            Assert.DoesNotContain(await larder.EverythingAsync(), name => name.StartsWith("artifacts/") && name.Contains(sha));
            Assert.DoesNotContain(await larder.EverythingAsync(), name => name.Contains("staging"));
        }
    }

    [Fact]
    public async Task Each_attempt_that_fails_is_followed_by_the_next_until_one_does_not()
    {
        var job = await larder.TrainAsync(
            "third-time-lucky",
            $"import os, sys\nprint('attempt', os.environ['LARDER_ATTEMPT'])\nif os.environ['LARDER_ATTEMPT'] != '2':\n    sys.exit(7)\n{TrainingClient.Copy}",
            options: """{"attempts": 3}""");

        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal([7, 0], job["attempts"]!.AsArray().Select(attempt => (int)attempt!["exit_code"]!));
        Assert.Equal("out attempt 1", (await larder.LinesAsync((string)job["id"]!, attempt: 1))[0]);
        Assert.Equal(["out attempt 2", "out done"], await larder.LinesAsync((string)job["id"]!, attempt: 2));
    }

    [Fact]
    public async Task Without_Python_the_job_fails_and_says_what_is_missing()
    {
        await using var pythonless = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("Jobs:Process:Python", "/nowhere/python3"));

        var job = await pythonless.Client.TrainToEndAsync("pythonless", TrainingClient.Copy);

        Assert.Equal("failed", (string?)job["state"]);
        Assert.Equal("'/nowhere/python3' cannot be run (there is no such program): training in a local process needs Python 3.8 or later.", (string?)job["reason"]);
    }

    private async Task<JsonNode> FailAsync(string model, string script, string? options = null, byte[]? dataset = null)
    {
        var job = await larder.TrainAsync(model, script, dataset, options);
        Assert.True((string)job["state"]! == "failed", job.ToString());
        Assert.Null(job["version"]);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync($"/api/v1/models/{model}")).Status);
        return job;
    }
}
