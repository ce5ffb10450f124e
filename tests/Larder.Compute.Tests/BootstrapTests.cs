using System.Text;
using Larder.Orchestrations;
using Larder.Testing;

namespace Larder.Compute.Tests;

/// <summary>bootstrap.py, run by a process backend against a real Azurite.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BootstrapTests(Azurite azurite)
{
    [Fact]
    public async Task A_script_gets_its_files_arguments_and_environment_as_they_were_sent_and_its_outputs_come_back()
    {
        var dataset = new byte[3_000_000];
        Random.Shared.NextBytes(dataset);
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import hashlib, json, os, shutil, sys
                arguments = json.loads(os.environ["LARDER_ARGUMENTS"])
                assert sys.argv[1:] == arguments, sys.argv
                print(json.dumps(arguments, ensure_ascii=False))
                print(os.environ["LARDER_MODEL"], os.environ["LARDER_JOB_ID"], os.environ["LARDER_ATTEMPT"], os.environ["MODE"])
                print(os.path.basename(os.environ["LARDER_DATASET"]), sorted(os.listdir()))
                print([name for name in os.environ if name.endswith("_URL")])
                print(os.getcwd() == os.path.dirname(os.environ["LARDER_DATASET"]), sys.prefix != sys.base_prefix)
                shutil.copy(os.environ["LARDER_DATASET"], os.path.join(os.environ["LARDER_OUTPUT_DIR"], "Größe 模型 %41?#.bin"))
                os.makedirs("deep/er")
                open("deep/er/iris.onnx", "w").write("model")
                print("to stderr", file=sys.stderr)
                """,
            Dataset = dataset,
            DatasetName = "données 数据.CSV",
            Arguments = ["--epochs", "3", "", "a b", "\"quoted\" 'x' $HOME `id` \\", "Ünïcode 数", "-"],
            Environment = new() { ["MODE"] = "schnell ✓" },
        };

        var ended = await job.RunAsync();

        Assert.Equal(("done", null, 0), (ended.Stage, ended.Reason, ended.ExitCode));
        Assert.Equal(new ComputeStatus(ComputeState.Exited, 0), ended.Status);
        Assert.Equal(
            [
                """["--epochs", "3", "", "a b", "\"quoted\" 'x' $HOME `id` \\", "Ünïcode 数", "-"]""",
                "iris job1 1 schnell ✓",
                "données 数据.CSV ['dataset.csv', 'données 数据.CSV', 'train.py']",
                "[]",
                "True True",
            ],
            ended.Out);
        Assert.Equal("to stderr", Assert.Single(ended.Lines, line => line.S == "err").M);
        Assert.Equal(Enumerable.Range(1, ended.Lines.Count), ended.Lines.Select(line => line.N));
        Assert.Equal(["Größe 模型 %41?#.bin"], ended.Paths("outputs"));
        Assert.Equal(dataset, await job.ReadAsync("outputs/Größe 模型 %41?#.bin"));
        Assert.Equal(["deep/er/iris.onnx"], ended.Paths("found"));
        Assert.Equal("model"u8.ToArray(), await job.ReadAsync("found/deep/er/iris.onnx"));
        Assert.Equal(ended.Lines.Count, ended.Exit!.Value.GetProperty("log_lines").GetInt32());
    }

    [Fact]
    public async Task A_script_that_fails_says_why_and_its_outputs_are_kept()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os, sys
                open(os.environ["LARDER_OUTPUT_DIR"] + "/partial.txt", "w").write("half")
                sys.stderr.write("ValueError: no rows\n\n  \n")
                sys.exit(3)
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal(("script", 3), (ended.Stage, ended.ExitCode));
        Assert.Equal("The script ended with exit code 3: ValueError: no rows", ended.Reason);
        Assert.Equal("half"u8.ToArray(), await job.ReadAsync("outputs/partial.txt"));
        Assert.Equal(0, ended.Status.ExitCode);
    }
}
