using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Larder.Client.Tests.Support;

namespace Larder.Client.Tests;

/// <summary><c>larder</c> as a process, with a real server: what it prints, where, and how it ends.</summary>
[Collection(ServerTests.Name)]
public sealed class CommandLineTests(LarderServer server) : IDisposable
{
    private static readonly string Iris = RepositoryFiles.PathOf("samples/iris/iris.onnx");

    private readonly CommandEnvironment _user = new(server);

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Models_are_uploaded_listed_shown_moved_rolled_back_downloaded_and_deleted()
    {
        Assert.Equal("cli-a saved as version 1\n", (await LarderAsync("models", "upload", "cli-a", Iris, "--alias", "champion", "--tag", "team=botany")).Succeeded());
        Assert.Equal("cli-a:2\n", (await LarderAsync("models", "upload", "cli-a", Iris, "--quiet")).Succeeded());

        var list = await LarderAsync("models", "list", "--tag", "none", "--output", "csv");
        Assert.Equal("name,default,newest,aliases,owner,updated,description\n", list.Succeeded());
        var json = JsonElement.Parse((await LarderAsync("models", "list", "-o", "json")).Succeeded());
        Assert.Contains(json.EnumerateArray(), model => model.GetProperty("name").GetString() == "cli-a");
        Assert.Contains("cli-a,2,2,champion=1,", (await LarderAsync("models", "list", "-o", "csv")).Succeeded(), StringComparison.Ordinal);
        var table = (await LarderAsync("models", "list")).Succeeded();
        Assert.StartsWith("NAME", table, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table);
        Assert.DoesNotContain(" \n", table, StringComparison.Ordinal);

        Assert.Contains("float_input FP32 [-1,4]", (await LarderAsync("models", "show", "cli-a")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("team=botany", (await LarderAsync("models", "show", "cli-a:1")).Succeeded(), StringComparison.Ordinal);
        Assert.Equal("cli-a:champion is version 2 (before: 1)\n", (await LarderAsync("models", "alias", "cli-a", "champion", "2")).Succeeded());
        Assert.Equal("cli-a:champion is version 1 (before: 2)\n", (await LarderAsync("models", "rollback", "cli-a", "champion")).Succeeded());

        (await LarderAsync("models", "download", "cli-a:1", "--to", "copy.onnx")).Succeeded();
        Assert.Equal(await File.ReadAllBytesAsync(Iris), await File.ReadAllBytesAsync(Path.Combine(_user.Folder, "copy.onnx")));
        Assert.Equal(2, (await LarderAsync("models", "download", "cli-a:1", "--to", "copy.onnx")).ExitCode);

        var unasked = await LarderAsync("models", "delete", "cli-a:2");
        Assert.Equal((2, ""), (unasked.ExitCode, unasked.Output));
        (await LarderAsync("models", "delete", "cli-a:2", "--yes")).Succeeded();
        (await LarderAsync("models", "restore", "cli-a:2")).Succeeded();
    }

    [Fact]
    public async Task A_refusal_is_on_standard_error_with_the_servers_sentence_and_the_request_id()
    {
        var refused = await LarderAsync("models", "upload", "cli-refused", _user.Write("text.onnx", "no model"));

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Matches(@"\Aerror: The file looks like text; an ONNX model is expected\.\nrequest id: \S+\n\z", refused.Errors);
    }

    [Fact]
    public async Task Values_a_table_and_a_picture_are_predicted()
    {
        (await LarderAsync("models", "upload", "cli-predict", Iris)).Succeeded();
        (await LarderAsync("models", "upload", "cli-digits", RepositoryFiles.PathOf("samples/digits/digits.onnx"))).Succeeded();

        Assert.Equal("label,probabilities,label (class)\n0,\"[0.9844349,0.015563541,1.5217603E-06]\",setosa\n", (await LarderAsync("predict", "cli-predict", "--values", "[5.1, 3.5, 1.4, 0.2]", "-o", "csv")).Succeeded());
        Assert.Contains("\"values\": [\n", (await CommandLine.RunAsync(_user, """{"values": [5.1, 3.5, 1.4, 0.2]}""", ["predict", "cli-predict", "-v", "-", "-o", "json"])).Succeeded(), StringComparison.Ordinal);
        var csv = _user.Write("rows.csv", "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n1.5,4.7,3.1,6.7\n");
        Assert.Equal(3, (await LarderAsync("predict", "cli-predict", "--csv", csv)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\n7 ", (await LarderAsync("predict", "cli-digits", "--image", RepositoryFiles.PathOf("samples/digits/files/7.jpg"))).Succeeded(), StringComparison.Ordinal);

        var short4 = await LarderAsync("predict", "cli-predict", "--values", "[1]");
        Assert.Equal(1, short4.ExitCode);
        Assert.Contains("float_input expects", short4.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await LarderAsync("predict", "cli-predict", "--values", "[1")).ExitCode);
        Assert.Equal(2, (await LarderAsync("predict", "cli-predict")).ExitCode);
        Assert.Equal(2, (await LarderAsync("predict", "cli-predict", "--csv", "missing.csv")).ExitCode);
    }

    [Fact]
    public async Task A_search_is_printed_as_a_table_JSON_and_CSV()
    {
        (await LarderAsync("models", "upload", "cli-clubmoss", Iris, "--tag", "team=botany")).Succeeded();

        var table = (await LarderAsync("search", "clubmos", "cli")).Succeeded();
        Assert.Matches(@"\AKIND +ID +TITLE +STATE +UPDATED +SCORE\n", table);
        Assert.Matches(@"\nversion +cli-clubmoss:1 +cli-clubmoss:1 +READY +", table);
        Assert.Matches(@"\Akind,id,title,state,accuracy,updated,score\nmodel,cli-clubmoss,cli-clubmoss,,,[^,]+Z,\d+\.\d\d\n\z", (await LarderAsync("search", "clubmoss", "--kind", "model", "--metric", "accuracy", "--direction", "max", "-o", "csv")).Succeeded());
        var json = JsonElement.Parse((await LarderAsync("search", "clubmoss", "--kind", "model", "--kind", "version", "--filter", "tags.team = 'botany'", "--order", "title DESC", "-o", "json")).Succeeded());
        Assert.Equal("cli-clubmoss:1", Assert.Single(json.EnumerateArray()).GetProperty("id").GetString());
        var first = await LarderAsync("search", "clubmoss", "--limit", "1", "-o", "csv");
        Assert.Equal(2, first.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("--limit 0 shows all", first.Errors, StringComparison.Ordinal);

        var refused = await LarderAsync("search", "--kind", "planet");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("The kinds are model, version, dataset, run, job.", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await LarderAsync("search", "clubmoss", "--direction", "up")).ExitCode);
    }

    [Fact]
    public async Task A_training_is_followed_and_its_exit_code_says_how_it_ended()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_user.Folder, "flowers")).FullName;
        File.Copy(RepositoryFiles.PathOf("samples/iris/train.py"), Path.Combine(folder, "train.py"));
        File.Copy(RepositoryFiles.PathOf("samples/iris/iris.csv"), Path.Combine(folder, "iris.csv"));
        await File.WriteAllTextAsync(Path.Combine(folder, "options.json"), """{"alias": "champion"}""");

        var trained = await LarderAsync("train", "cli-train", "flowers", "--set", "timeout=300");
        Assert.Contains("accuracy: ", trained.Succeeded(), StringComparison.Ordinal);
        Assert.Matches(@"train \w+ succeeded: cli-train:1 \(", trained.Output);
        var job = JsonElement.Parse((await LarderAsync("jobs", "list", "--model", "cli-train", "-o", "json")).Succeeded())[0].GetProperty("id").GetString()!;
        Assert.Contains("accuracy: ", (await LarderAsync("jobs", "logs", job)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("cli-train:1", (await LarderAsync("jobs", "show", job)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("metrics.json", (await LarderAsync("jobs", "outputs", job)).Succeeded(), StringComparison.Ordinal);
        (await LarderAsync("jobs", "outputs", job, "--to", "left")).Succeeded();
        Assert.True(File.Exists(Path.Combine(_user.Folder, "left", "metrics.json")));
        Assert.Contains("cli-train", (await LarderAsync("runs", "list", "--experiment", "cli-train")).Succeeded(), StringComparison.Ordinal);
        var run = JsonElement.Parse((await LarderAsync("runs", "search", "metrics.accuracy > 0.5", "-e", "cli-train", "-o", "json")).Succeeded())[0].GetProperty("info").GetProperty("run_id").GetString()!;
        Assert.Contains("metrics.accuracy", (await LarderAsync("runs", "show", run)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("metrics.accuracy", (await LarderAsync("runs", "compare", run)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("cli-train", (await LarderAsync("runs", "experiments", "-o", "csv")).Succeeded(), StringComparison.Ordinal);

        var failed = await LarderAsync("train", "cli-train", _user.Write("bad.py", "import sys\nprint('begins')\nsys.exit('no data')"), "--data", "flowers/iris.csv");
        Assert.Equal(1, failed.ExitCode);
        Assert.StartsWith("begins\n", failed.Output, StringComparison.Ordinal);
        Assert.Contains("failed", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("no data", failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_stops_following_a_training_and_says_how_to_go_on_and_canceling_it_ends_with_4()
    {
        var script = _user.Write("long.py", "import time\nprint('begins', flush=True)\ntime.sleep(600)");
        await using var training = CommandLine.Start(_user, null, "train", "cli-long", script, "--data", RepositoryFiles.PathOf("samples/iris/iris.csv"));
        await training.SaidAsync("begins");

        training.Interrupt();
        var stopped = await training.EndAsync();

        Assert.Equal(130, stopped.ExitCode);
        var job = JsonElement.Parse((await LarderAsync("jobs", "list", "--model", "cli-long", "-o", "json")).Succeeded())[0].GetProperty("id").GetString()!;
        Assert.Contains($"'larder jobs logs {job} --follow' follows it again, 'larder jobs cancel {job}' ends it.", stopped.Errors, StringComparison.Ordinal);
        Assert.Equal("running", (await server.Client.Jobs.GetAsync(job)).State);

        (await LarderAsync("jobs", "cancel", job)).Succeeded();
        var ended = await LarderAsync("jobs", "logs", job, "--follow");
        Assert.Equal(4, ended.ExitCode);
        Assert.Contains("canceled", ended.Errors, StringComparison.Ordinal);
        (await LarderAsync("jobs", "delete", job, "-y")).Succeeded();
    }

    [Fact]
    public async Task An_interrupted_upload_goes_on_where_it_was()
    {
        // A disk that is slow enough to be interrupted: 400 blocks of 64 KiB.
        var file = Path.Combine(_user.Folder, "big.bin");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(400 * LarderServer.BlockBytes));
        var states = Path.Combine(_user.Folder, "settings", "uploads");

        await using (var upload = CommandLine.Start(_user, null, "data", "upload", "cli-data", file))
        {
            await Testing.Eventually.TrueAsync(() => Task.FromResult(Blocks() > 3 || upload.HasEnded));
            upload.Interrupt();
            var interrupted = await upload.EndAsync();
            Assert.Equal(130, interrupted.ExitCode);
            Assert.Contains("The same command again goes on from there", interrupted.Errors, StringComparison.Ordinal);
        }
        var stored = Blocks();
        Assert.InRange(stored, 4, 399);

        var resumed = await LarderAsync("data", "upload", "cli-data", file);

        Assert.Contains($"of which {stored} blocks are stored", resumed.Errors, StringComparison.Ordinal);
        Assert.Contains("It is datasets/cli-data/big.bin.", resumed.Succeeded(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(states));
        Assert.Contains("datasets/cli-data/big.bin", (await LarderAsync("data", "list", "--model", "cli-data")).Succeeded(), StringComparison.Ordinal);
        (await LarderAsync("data", "download", "datasets/cli-data/big.bin", "--to", "copy.bin")).Succeeded();
        Assert.Equal(SHA256.HashData(await File.ReadAllBytesAsync(file)), SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(_user.Folder, "copy.bin"))));
        (await LarderAsync("data", "delete", "datasets/cli-data/big.bin", "-y")).Succeeded();

        int Blocks() => Directory.Exists(states) && Directory.GetFiles(states, "*.json") is [var state] ? JsonElement.Parse(File.ReadAllBytes(state)).GetProperty("Blocks").GetInt32() : 0;
    }

    [Fact]
    public async Task A_model_in_blocks_becomes_a_version_and_scores_a_data_set()
    {
        Assert.Matches(@"upload \w+ succeeded: cli-score:1", (await LarderAsync("models", "upload", "cli-score", Iris, "--in-blocks", "--description", "In blocks.")).Succeeded());

        var scored = await LarderAsync("score", "cli-score", RepositoryFiles.PathOf("samples/iris/iris.csv"), "--keep", "species", "--to", "scored.csv");

        scored.Succeeded();
        Assert.Equal(151, (await File.ReadAllLinesAsync(Path.Combine(_user.Folder, "scored.csv"))).Length);
    }

    [Fact]
    public async Task Schedules_are_created_changed_run_paused_and_deleted()
    {
        (await LarderAsync("models", "upload", "cli-schedule", Iris)).Succeeded();
        var definition = _user.Write("schedule.json", """{"name": "weekly", "cron": "0 6 * * MON", "job": {"type": "export", "model": "*"}}""");

        var id = (await LarderAsync("schedules", "create", $"@{definition}", "--quiet")).Succeeded().Trim();

        Assert.Contains("export *", (await LarderAsync("schedules", "list")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("0 6 * * MON (UTC)", (await LarderAsync("schedules", "show", id)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("is paused", (await LarderAsync("schedules", "pause", id)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("runs again; next run", (await LarderAsync("schedules", "resume", id)).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("is changed", (await LarderAsync("schedules", "update", id, """{"cron": "0 7 * * MON"}""")).Succeeded(), StringComparison.Ordinal);
        var job = (await LarderAsync("schedules", "run", id, "-q")).Succeeded().Trim();
        (await LarderAsync("jobs", "logs", job, "--follow")).Succeeded();
        Assert.Contains(job, (await LarderAsync("schedules", "runs", id)).Succeeded(), StringComparison.Ordinal);
        (await LarderAsync("schedules", "delete", id, "--yes")).Succeeded();
        Assert.Equal(1, (await LarderAsync("schedules", "show", id)).ExitCode);
        Assert.Equal(2, (await LarderAsync("schedules", "create", """{"cronn": "x"}""")).ExitCode);
    }

    [Fact]
    public async Task Login_checks_the_token_and_keeps_it_where_only_the_user_reads_it()
    {
        using var user = new CommandEnvironment();
        var address = server.Address.ToString().TrimEnd('/').Replace("localhost", "127.0.0.1", StringComparison.Ordinal);

        var wrong = await CommandLine.RunAsync(user, "wrong\n", ["login", address, "--with-token"]);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("request id: ", wrong.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(user.ConfigFile));

        (await CommandLine.RunAsync(user, $"{LarderServer.Token}\n", ["login", address, "--with-token"])).Succeeded();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(user.ConfigFile));
        (await CommandLine.RunAsync(user, "models", "list")).Succeeded();

        // The environment counts more than the file, and an option more than both; the file's token is for the file's server.
        user.With("LARDER_TOKEN", "wrong");
        Assert.Equal(1, (await CommandLine.RunAsync(user, "models", "list")).ExitCode);
        (await CommandLine.RunAsync(user, "models", "list", "--token", LarderServer.Token)).Succeeded();
        user.With("LARDER_TOKEN", null);
        Assert.Equal(1, (await CommandLine.RunAsync(user, "models", "list", "--url", address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal))).ExitCode);

        (await CommandLine.RunAsync(user, "logout")).Succeeded();
        Assert.DoesNotContain(LarderServer.Token, await File.ReadAllTextAsync(user.ConfigFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_finds_nothing_wrong_or_says_what_to_mend()
    {
        var well = (await LarderAsync("doctor", "--output", "csv")).Succeeded();
        Assert.Contains("server and storage,ok,Ready,", well, StringComparison.Ordinal);
        Assert.Contains("versions,ok,", well, StringComparison.Ordinal);

        var token = await LarderAsync("doctor", "--token", "wrong");
        Assert.Equal(1, token.ExitCode);
        Assert.Contains("larder login --with-token", token.Output, StringComparison.Ordinal);

        var lost = await LarderAsync("doctor", "--url", "http://127.0.0.1:1");
        Assert.Equal(3, lost.ExitCode);
        Assert.Contains("cannot be reached", lost.Output, StringComparison.Ordinal);

        Directory.CreateDirectory(Path.GetDirectoryName(_user.ConfigFile)!);
        await File.WriteAllTextAsync(_user.ConfigFile, "{}");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_user.ConfigFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            var open = await LarderAsync("doctor");
            Assert.Equal(1, open.ExitCode);
            Assert.Contains($"chmod 600 {_user.ConfigFile}", open.Output, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(_user.ConfigFile, "not JSON");
        Assert.Equal(2, (await LarderAsync("doctor")).ExitCode);
    }

    [TerminalFact]
    public async Task A_terminal_gets_bold_headings_unless_NO_COLOR_is_set()
    {
        (await LarderAsync("models", "upload", "cli-colour", Iris)).Succeeded();

        Assert.Contains("\u001b[1m", await InTerminalAsync(), StringComparison.Ordinal);
        _user.With("NO_COLOR", "1");
        var plain = await InTerminalAsync();
        Assert.Contains("cli-colour", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[1m", plain, StringComparison.Ordinal);
    }

    private Task<CommandLine.Result> LarderAsync(params string[] arguments) => CommandLine.RunAsync(_user, arguments);

    private async Task<string> InTerminalAsync()
    {
        var start = new ProcessStartInfo("script", ["-qec", $"dotnet {RepositoryFiles.Cli} models list", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _user.ApplyTo(start);
        start.Environment["TERM"] = "xterm-256color";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync();
        return output;
    }

    /// <summary>Skipped where no terminal can be made.</summary>
    private sealed class TerminalFactAttribute : FactAttribute
    {
        public TerminalFactAttribute()
        {
            if (!File.Exists("/usr/bin/script"))
                Skip = "There is no /usr/bin/script, which makes a terminal.";
        }
    }
}
