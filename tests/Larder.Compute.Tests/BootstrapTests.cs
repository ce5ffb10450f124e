using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
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

    [Fact]
    public async Task A_script_that_a_signal_ended_says_which()
    {
        await using var job = new TrainingJob(azurite) { Script = "import os; os.kill(os.getpid(), 9)" };

        var ended = await job.RunAsync();

        Assert.Equal(("script", 137), (ended.Stage, ended.ExitCode));
        Assert.Equal("The script was ended by signal 9 (SIGKILL), perhaps for want of memory.", ended.Reason);
    }

    [Fact]
    public async Task Two_hundred_thousand_lines_are_all_there_in_order_and_numbered()
    {
        await using var job = new TrainingJob(azurite) { Script = "for i in range(200000): print('line', i)" };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        Assert.Equal(Enumerable.Range(0, 200_000).Select(i => $"line {i}"), ended.Out);
        Assert.Equal(Enumerable.Range(1, ended.Lines.Count), ended.Lines.Select(line => line.N));
        // Far from the 50,000 that an append blob can take.
        Assert.InRange(await job.AppendedBlocksAsync(), 1, 1000);
    }

    [Fact]
    public async Task Lines_come_while_the_script_runs()
    {
        await using var job = new TrainingJob(azurite) { Script = "import time; print('epoch 1'); time.sleep(1000)" };
        await job.StartAsync();

        await job.LineAsync("epoch 1");

        Assert.Null(await job.ReadAsync("exit.json"));
    }

    [Fact]
    public async Task Lines_end_as_terminals_end_them_and_bytes_that_are_no_text_are_replaced()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os, time
                os.write(1, b"10%\r20%\r")
                time.sleep(.1)
                os.write(1, b"\nwindows\r\n\nna\xc3\xafve \xff\x00\x1b[1m\n")
                os.write(1, "ol".encode() + "é".encode()[:1])
                time.sleep(.1)
                os.write(1, "é".encode()[1:] + b" no end")
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal(["10%", "20%", "windows", "", "naïve \ufffd\0\u001b[1m", "olé no end"], ended.Out);
    }

    [Fact]
    public async Task Standard_output_and_standard_error_keep_their_order()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import subprocess, sys
                for i in range(500):
                    print(i, file=sys.stderr if i % 2 or i % 7 == 0 else sys.stdout)
                # A process of its own inherits the pipes; one with pipes of its own that are read one after the other must not wait.
                subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('500\\n'); print(501)"], check=True)
                child = subprocess.Popen(
                    [sys.executable, "-c", "import sys\nfor i in range(2000): print(i, file=sys.stderr if i % 2 else sys.stdout)"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                print(502 + len(child.stdout.read().split()) + len(child.stderr.read().split()) - 2000)
                print(503, file=sys.stderr)
                raise ValueError(504)
                """,
        };

        var ended = await job.RunAsync();

        var written = ended.Lines.Where(line => line.S != "sys").ToList();
        Assert.Equal(Enumerable.Range(0, 504).Select(i => $"{i}"), written.Take(504).Select(line => line.M));
        Assert.Equal(("err", "ValueError: 504"), (written[^1].S, written[^1].M));
        Assert.Equal(["out", "err", "out", "err"], written.Skip(2).Take(4).Select(line => line.S));
    }

    [Fact]
    public async Task A_long_line_is_cut_and_a_full_log_says_so_and_the_script_runs_on()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                print("ü" * 10000)
                print("x" * 1000000)
                for i in range(50000): print("line", i)
                open(os.environ["LARDER_OUTPUT_DIR"] + "/iris.onnx", "w").write("model")
                """,
        };
        job.Limits["log_line_bytes"] = 1001;
        job.Limits["log_bytes"] = 100_000;

        var ended = await job.RunAsync();

        Assert.Equal(new string('ü', 500) + " [cut: the line is longer than 1001 bytes]", ended.Out[0]);
        Assert.Equal(new string('x', 1001) + " [cut: the line is longer than 1001 bytes]", ended.Out[1]);
        Assert.Equal(Enumerable.Range(0, ended.Out.Count - 2).Select(i => $"line {i}"), ended.Out.Skip(2));
        Assert.Equal(("sys", "The log is full: what follows is left out."), (ended.Lines[^1].S, ended.Lines[^1].M));
        Assert.InRange((await job.ReadAsync("log.jsonl"))!.Length, 90_000, 100_000);
        Assert.Equal(("done", ended.Lines.Count), (ended.Stage, ended.Exit!.Value.GetProperty("log_lines").GetInt32()));
    }

    [Fact]
    public async Task Metrics_are_kept_line_by_line_and_what_is_none_is_counted()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                open(os.environ["LARDER_OUTPUT_DIR"] + "/iris.onnx", "w").write("model")
                with open(os.environ["LARDER_METRICS"], "w") as metrics:
                    metrics.write('{"loss": 0.5, "step": 1}\n\n{"loss": NaN, "gain": -Infinity}\nloss=3\n[1]\n{"on": true}\n{"loss": "1"}\n')
                    metrics.write('{"' + os.environ["TOKEN"] + '": 1}\n{"' + "x" * 20000 + '": 1}\n{"last": 1}')
                """,
            Environment = new() { ["TOKEN"] = "hidden-value" },
            Secrets = ["TOKEN"],
        };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        var lines = Encoding.UTF8.GetString((await job.ReadAsync("metrics.jsonl"))!).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [(1, "metric", """{"loss": 0.5, "step": 1}"""), (2, "metric", """{"loss": "NaN", "gain": "-Infinity"}"""), (3, "metric", """{"last": 1}""")],
            lines.Select(line => (line.GetProperty("n").GetInt32(), line.GetProperty("s").GetString()!, line.GetProperty("m").GetString()!)));
        Assert.Contains(ended.Lines, line => line is { S: "sys", M: "6 lines of metrics were left out: a line is an object of numbers by name, of at most 16384 bytes." });
    }

    [Fact]
    public async Task A_file_of_metrics_that_is_a_pipe_or_a_folder_holds_nothing_up()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                open(os.environ["LARDER_OUTPUT_DIR"] + "/iris.onnx", "w").write("model")
                os.mkfifo(os.environ["LARDER_METRICS"])
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        Assert.Null(await job.ReadAsync("metrics.jsonl"));
    }

    [Fact]
    public async Task Secret_values_are_nowhere_in_what_a_job_leaves()
    {
        const string Token = "s3cr3t-T\u00f6ken/\"+x";
        const string Key = "-----BEGIN-----\nfirstLineOfKey\nabc\nsecondLineOfKey\n";
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import json, os, sys, urllib.parse
                token, key = os.environ["TOKEN"], os.environ["KEY"]
                print("it is", token, "and", token * 3)
                print(json.dumps(token), repr(key), urllib.parse.quote(token, safe=""))
                print(key)
                sys.stdout.flush()
                for character in token * 200: os.write(1, character.encode())
                os.write(1, b"\n")
                print("x" * 990 + token + "y" * 5000)
                print("short", os.environ["SHORT"])
                print("failed with", token, file=sys.stderr)
                sys.exit(1)
                """,
            Environment = new() { ["TOKEN"] = Token, ["KEY"] = Key, ["SHORT"] = "abc" },
            Secrets = ["TOKEN", "KEY", "SHORT", "ABSENT"],
        };
        job.Limits["log_line_bytes"] = 1000;

        var ended = await job.RunAsync();

        Assert.Equal("it is *** and *********", ended.Out[0]);
        Assert.Equal(["***", "***", "***", "***", ""], ended.Out.Skip(2).Take(5));
        Assert.Equal(10, ended.Out.Count);
        Assert.Equal("short abc", ended.Out[^1]);
        Assert.Equal("The script ended with exit code 1: failed with ***", ended.Reason);
        string[] left = [ended.Output, ended.Exit.ToString()!, .. ended.Lines.Select(line => line.M)];
        foreach (var secret in new[] { "s3cr3t", "T\u00f6ken", "oken", "firstLineOfKey", "secondLine", "BEGIN" })
            Assert.All(left, text => Assert.DoesNotContain(secret, text));
    }

    [Fact]
    public async Task What_a_script_leaves_running_ends_with_it()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os, signal, subprocess, time
                for i in range(5):
                    if os.fork() == 0:
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)
                        os.setsid()
                        if os.fork() == 0:
                            time.sleep(1000)
                        os._exit(0)
                subprocess.Popen(["env", "-i", "setsid", "sleep", "1000"])
                print("left")
                """,
        };

        // As in a container: only bootstrap.py can end them.
        Assert.Equal((0, ""), await job.RunWithoutBackendAsync());

        Assert.Empty(job.Backend.Processes);
        var ended = await job.ReadEndAsync();
        Assert.Equal(("done", "left"), (ended.Stage, Assert.Single(ended.Out)));
    }

    [Fact]
    public async Task Stopping_gives_a_script_its_grace_and_still_leaves_log_and_exit()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import signal, sys, time
                def stop(*_):
                    print("saving")
                    sys.exit(0)
                signal.signal(signal.SIGTERM, stop)
                print("ready")
                time.sleep(1000)
                """,
        };
        await job.StartAsync();
        await job.LineAsync("ready");

        await job.Backend.Compute.StopAsync(Backend.Id, default);
        var ended = await job.EndAsync();

        Assert.Equal(["ready", "saving"], ended.Out);
        Assert.Equal(("script", "stopped", 0), (ended.Stage, ended.Reason, ended.ExitCode));
        Assert.Equal("It was stopped.", ended.Status.Reason);
    }

    [Fact]
    public async Task A_script_that_ignores_SIGTERM_is_killed_and_log_and_exit_are_there()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os, signal, time
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                if os.fork() == 0:
                    os.setsid()
                else:
                    print("ready")
                time.sleep(1000)
                """,
            Timeout = TimeSpan.FromSeconds(8),
        };

        var ended = await job.RunAsync();

        Assert.Contains("ready", ended.Out);
        Assert.Equal(("script", "stopped", 137), (ended.Stage, ended.Reason, ended.ExitCode));
        Assert.Equal("It ran longer than the 8 seconds it was given.", ended.Status.Reason);
    }

    [Fact]
    public async Task A_script_that_fills_memory_fails_with_a_reason()
    {
        await using var job = new TrainingJob(azurite) { Script = "x = bytearray(3_000_000_000)", Resources = new ComputeResources(MemoryGb: 1) };

        var ended = await job.RunAsync();

        // As address space is limited, or memory by a control group.
        Assert.Contains(ended.Reason, new[] { "The script ended with exit code 1: MemoryError", "The script was ended by signal 9 (SIGKILL), perhaps for want of memory." });
    }

    [Fact]
    public async Task Requirements_are_installed_into_an_environment_of_the_jobs_own()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = "import tiny, sys; print(tiny.ANSWER, tiny.__file__.startswith(sys.prefix))",
            Requirements = "# what it needs\n./tiny-1.0-py3-none-any.whl\n",
            Dataset = Wheel(),
            DatasetName = "tiny-1.0-py3-none-any.whl",
        };

        var ended = await job.RunAsync();

        Assert.Equal(("done", null), (ended.Stage, ended.Reason));
        Assert.Equal("42 True", ended.Out[^1]);
        Assert.Contains(ended.Lines, line => line is { S: "sys", M: "Installing the requirements." });
    }

    [Fact]
    public async Task Packages_of_a_virtual_environment_that_the_server_was_given_are_the_scripts_too()
    {
        var outer = Directory.CreateTempSubdirectory("outer-");
        using (var venv = Process.Start("python3", ["-m", "venv", "--without-pip", outer.FullName]))
            await venv.WaitForExitAsync();
        File.WriteAllText(Path.Combine(outer.GetDirectories("lib/python3.*").Single().FullName, "site-packages", "outer.py"), "ANSWER = 42");
        await using (var job = new TrainingJob(azurite, new ProcessComputeOptions { Python = Path.Combine(outer.FullName, "bin", "python3") })
        {
            Script = "import outer; print(outer.ANSWER)",
        })
        {
            Assert.Equal("42", Assert.Single((await job.RunAsync()).Out));
        }

        outer.Delete(recursive: true);
    }

    [Fact]
    public async Task A_little_memory_is_enough_for_everything_but_the_script()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = "import os; open(os.environ['LARDER_OUTPUT_DIR'] + '/iris.onnx', 'wb').write(bytes(10000000)); print('ran')",
            Resources = new ComputeResources(MemoryGb: 0.1),
        };

        var ended = await job.RunAsync();

        Assert.Equal("", ended.Reason ?? "");
        Assert.Equal("ran", Assert.Single(ended.Out));
    }

    [Fact]
    public async Task Requirements_that_cannot_be_installed_end_the_job_with_pips_words()
    {
        await using var job = new TrainingJob(azurite) { Script = "print('ran')", Requirements = "./no-such-package\n" };

        var ended = await job.RunAsync();

        Assert.Equal(("requirements", null), (ended.Stage, ended.ExitCode));
        Assert.StartsWith("The requirements could not be installed: ERROR: ", ended.Reason);
        Assert.Contains("no-such-package", ended.Reason);
        Assert.DoesNotContain("ran", ended.Out);
    }

    [Fact]
    public async Task Requirements_that_are_only_comments_need_no_pip()
    {
        await using var job = new TrainingJob(azurite) { Script = "print('ran')", Requirements = "\ufeff# nothing\r\n\r\n  # at all" };

        var ended = await job.RunAsync();

        Assert.Equal(("done", "ran"), (ended.Stage, Assert.Single(ended.Out)));
        Assert.Single(ended.Lines);
    }

    [Fact]
    public async Task No_line_is_lost_or_doubled_while_storage_comes_and_goes()
    {
        await using var proxy = new Proxy(new Uri(azurite.NewAccount().Split("BlobEndpoint=")[1].Split(';')[0]).Port);
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os, time
                for i in range(300):
                    print("line", i)
                    time.sleep(.02)
                open(os.environ["LARDER_OUTPUT_DIR"] + "/iris.onnx", "wb").write(bytes(20000000))
                """,
            Port = proxy.Port,
        };
        await job.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            var seen = (await job.LinesAsync()).Count;
            await Eventually.TrueAsync(async () => (await job.LinesAsync()).Count > seen);
            // Every other time a request gets through, and only its answer is lost.
            proxy.Interrupt(answersOnly: i % 2 == 1);
            await Eventually.TrueAsync(() => Task.FromResult(proxy.Dropped >= 2));
            proxy.Resume();
        }

        var ended = await job.EndAsync();

        Assert.Equal(("done", null), (ended.Stage, ended.Reason));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"line {i}"), ended.Out);
        Assert.Equal(Enumerable.Range(1, ended.Lines.Count), ended.Lines.Select(line => line.N));
        Assert.Equal(20_000_000, (await job.ReadAsync("outputs/iris.onnx"))!.Length);
    }

    [Fact]
    public async Task More_files_than_may_be_kept_fail_the_job_and_what_fits_is_kept()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                open("iris", "w").write("model")
                for i in range(5): open(os.environ["LARDER_OUTPUT_DIR"] + "/%d" % i, "w").write("x")
                print("kept")
                """,
        };
        job.Limits["output_files"] = 3;

        var ended = await job.RunAsync();

        Assert.Equal(("outputs", 0), (ended.Stage, ended.ExitCode));
        Assert.Equal("The script left more than is kept: 3 of 6 files were; a job may leave 3 files and 10737418240 bytes.", ended.Reason);
        Assert.Equal(["found/iris", "outputs/0", "outputs/1"], (await job.BlobsAsync()).Where(name => name.Contains('/')));
        Assert.Equal(["kept"], ended.Out);
    }

    [Fact]
    public async Task More_bytes_than_may_be_kept_fail_the_job()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                for name, size in (("a", 900), ("b", 200), ("c", 100)): open(os.environ["LARDER_OUTPUT_DIR"] + "/" + name, "wb").write(bytes(size))
                """,
        };
        job.Limits["output_bytes"] = 1000;

        var ended = await job.RunAsync();

        Assert.Equal("outputs", ended.Stage);
        Assert.Equal(["a", "c"], ended.Paths("outputs"));
    }

    [Fact]
    public async Task A_large_output_goes_in_blocks()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import hashlib, os
                content = os.urandom(1 << 20) * 65 + b"end"
                open(os.environ["LARDER_OUTPUT_DIR"] + "/large", "wb").write(content)
                print(hashlib.sha256(content).hexdigest())
                """,
        };

        var ended = await job.RunAsync();

        var large = (await job.ReadAsync("outputs/large"))!;
        Assert.Equal((65 << 20) + 3, large.Length);
        Assert.Equal(ended.Out[0], Convert.ToHexStringLower(SHA256.HashData(large)));
        Assert.Equal(ended.Out[0], ended.Exit!.Value.GetProperty("outputs")[0].GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Links_that_lead_out_of_the_work_folder_are_not_followed()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = """
                import os
                out = os.environ["LARDER_OUTPUT_DIR"]
                os.symlink("/etc/passwd", out + "/passwd")
                os.symlink("/etc", out + "/etc")
                os.symlink(out, out + "/loop")
                os.symlink("/etc/passwd", "iris.onnx")
                os.mkfifo(out + "/pipe")
                open("weights", "w").write("inside")
                os.symlink(os.path.abspath("weights"), out + "/latest")
                os.symlink("nowhere", out + "/broken")
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        Assert.Equal(["outputs/latest"], (await job.BlobsAsync()).Where(name => name.Contains('/')));
        Assert.Equal("inside"u8.ToArray(), await job.ReadAsync("outputs/latest"));
        Assert.Equal(
            ["iris.onnx is a link out of the work folder, and not kept.", "passwd is a link out of the work folder, and not kept."],
            ended.Lines.Where(line => line.S == "sys").Select(line => line.M).Order());
    }

    [Fact]
    public async Task An_output_folder_that_is_a_link_now_is_not_followed()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = "import os; out = os.environ['LARDER_OUTPUT_DIR']; os.rmdir(out); os.symlink('/etc', out)",
        };

        var ended = await job.RunAsync();

        Assert.Empty(ended.Paths("outputs"));
        Assert.DoesNotContain(await job.BlobsAsync(), name => name.Contains('/'));
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd", false)]
    [InlineData("C:\\x\\y.csv", "y.csv", true)]
    [InlineData("", "dataset", false)]
    [InlineData("..", "dataset", false)]
    [InlineData("train.py", "dataset-train.py", false)]
    [InlineData("Requirements.TXT", "dataset-Requirements.TXT", false)]
    [InlineData("dataset.csv", "dataset.csv", true)]
    [InlineData("a\0b\nc\u202e.csv", "abc.csv", true)]
    [InlineData("--help 日本 🙂.csv", "--help 日本 🙂.csv", true)]
    public async Task A_dataset_has_a_name_that_stays_in_the_work_folder(string sent, string expected, bool isCsv)
    {
        await using var job = new TrainingJob(azurite) { Script = ListWorkFolder, DatasetName = sent };

        var ended = await job.RunAsync();

        var names = new HashSet<string>(["train.py", expected]);
        if (isCsv)
            names.Add("dataset.csv");
        Assert.Equal($"{expected} {string.Join('|', names.Order(StringComparer.Ordinal))} 8", Assert.Single(ended.Out));
    }

    [Fact]
    public async Task A_very_long_name_is_cut_and_keeps_its_ending()
    {
        await using var job = new TrainingJob(azurite) { Script = ListWorkFolder, DatasetName = new string('数', 5000) + ".csv" };

        var ended = await job.RunAsync();

        Assert.StartsWith(new string('数', 65) + ".csv ", Assert.Single(ended.Out));
        Assert.Contains("dataset.csv", ended.Out[0]);
    }

    [Fact]
    public async Task An_input_that_is_not_what_was_sent_is_not_run()
    {
        await using var job = new TrainingJob(azurite) { Script = "print('ran')", ScriptHash = new string('0', 64) };

        var ended = await job.RunAsync();

        Assert.Equal(("inputs", null), (ended.Stage, ended.ExitCode));
        Assert.StartsWith("The script that was fetched is not the one that was sent", ended.Reason);
        Assert.Empty(ended.Out);
    }

    [Fact]
    public async Task An_attempt_that_has_ended_is_not_run_again()
    {
        await using var job = new TrainingJob(azurite) { Script = "print('ran')" };
        await job.RunAsync();

        Assert.Equal((0, ""), await job.RunWithoutBackendAsync());

        Assert.Single(await job.LinesAsync(), line => line.M == "ran");
    }

    [Fact]
    public async Task A_second_start_goes_on_with_the_log_of_the_first()
    {
        await using var job = new TrainingJob(azurite) { Script = "print('first'); import time; time.sleep(1000)" };
        await job.StartAsync();
        await job.LineAsync("first");
        await job.Backend.Compute.DeleteAsync(Backend.Id, default);

        await job.StartAsync();
        await Eventually.TrueAsync(async () => (await job.LinesAsync()).Count(line => line.M == "first") == 2);

        var lines = await job.LinesAsync();
        Assert.Equal(Enumerable.Range(1, lines.Count), lines.Select(line => line.N));
    }

    [Fact]
    public async Task A_manifest_that_is_not_there_is_an_exit_code_and_a_message_without_its_URL()
    {
        await using var job = new TrainingJob(azurite);

        var (code, errors) = await job.RunWithoutBackendAsync(manifest: "nothing.json");

        Assert.Equal(1, code);
        Assert.Equal("The job cannot go on: storage answered 404 BlobNotFound.", errors.Trim());
    }

    private const string ListWorkFolder =
        "import os; d = os.environ['LARDER_DATASET']; print(os.path.basename(d), '|'.join(sorted(os.listdir(os.path.dirname(d)))), os.path.getsize(d))";

    private static byte[] Wheel()
    {
        using var file = new MemoryStream();
        using (var wheel = new ZipArchive(file, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in new[]
            {
                ("tiny.py", "ANSWER = 42\n"),
                ("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"),
                ("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
                ("tiny-1.0.dist-info/RECORD", "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\ntiny-1.0.dist-info/WHEEL,,\ntiny-1.0.dist-info/RECORD,,\n"),
            })
            {
                using var writer = new StreamWriter(wheel.CreateEntry(name).Open());
                writer.Write(content);
            }
        }

        return file.ToArray();
    }
}
