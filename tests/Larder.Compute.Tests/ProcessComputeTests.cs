using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Registry.Errors;

namespace Larder.Compute.Tests;

public sealed class ProcessComputeTests
{
    // Ignores SIGTERM, leaves its session, is orphaned at once, and keeps the pipes open.
    private const string IgnoresTerm = """
        import os, signal, sys, time
        def ignore_term():
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)

        """;

    [Fact]
    public async Task A_command_runs_to_its_end_and_tells_its_exit_code()
    {
        await using var backend = new Backend();
        Assert.Equal(ComputeState.Missing, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);

        await backend.StartAsync("import sys; print('begun', flush=True); print('err', file=sys.stderr); sys.exit(7)");

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 7), await backend.WaitAsync());
        Assert.Equal("begun\nerr\n", await backend.Compute.ReadOutputAsync(Backend.Id, default));
    }

    [Fact]
    public async Task A_command_that_a_signal_ended_says_which()
    {
        await using var backend = new Backend();
        await backend.StartAsync("import os; os.kill(os.getpid(), 9)");

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 137, "It was ended by signal 9 (SIGKILL), perhaps for want of memory."), await backend.WaitAsync());
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_an_exit_with_a_reason()
    {
        await using var backend = new Backend();
        Assert.True(await backend.Compute.StartAsync(Backend.TaskOf("") with { Command = ["no-such-program"] }, default));

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 127, "no-such-program cannot be run: No such file or directory."), await backend.WaitAsync());
    }

    [Fact]
    public async Task Starting_again_and_at_the_same_time_runs_a_task_once()
    {
        await using var backend = new Backend(new ProcessComputeOptions { MaxConcurrent = 20 });
        var task = Backend.TaskOf("open('runs', 'a').write('x')");

        var started = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var host = backend.Another();
            return await host.StartAsync(task, default);
        }));
        await backend.WaitAsync();
        Assert.True(await backend.Compute.StartAsync(task, default));

        Assert.All(started, Assert.True);
        Assert.Equal(ComputeState.Exited, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);
        Assert.Equal("x", File.ReadAllText(Path.Combine(backend.TaskFolder, "tmp", "runs")));
    }

    [Fact]
    public async Task A_start_that_got_half_way_is_finished_by_the_next()
    {
        await using var backend = new Backend();
        Directory.CreateDirectory(Path.Combine(backend.TaskFolder, "tmp"));
        File.WriteAllText(Path.Combine(backend.TaskFolder, "supervise.py"), "half of a pro");
        File.WriteAllText(Path.Combine(backend.TaskFolder, "lock"), "");
        Assert.Equal(ComputeState.Missing, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);
        Assert.Equal([Backend.Id], await ListAsync(backend));

        await backend.StartAsync("print('whole')");

        Assert.Equal(0, (await backend.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_full_backend_says_so_and_only_what_runs_counts()
    {
        await using var backend = new Backend(new ProcessComputeOptions { MaxConcurrent = 1 });
        await backend.StartAsync("import time; time.sleep(1000)");
        var other = Backend.TaskOf("pass", id: new ComputeId("job2", 1));

        Assert.False(await backend.Compute.StartAsync(other, default));
        Assert.True(await backend.Compute.StartAsync(Backend.TaskOf("pass"), default));
        Assert.Equal([Backend.Id], await ListAsync(backend));

        await backend.Compute.StopAsync(Backend.Id, default);
        await backend.WaitAsync();
        Assert.True(await backend.Compute.StartAsync(other, default));
        Assert.Equal(0, (await backend.WaitAsync(other.Id)).ExitCode);
        Assert.Equal([Backend.Id, other.Id], (await ListAsync(backend)).OrderBy(id => id.Job));
    }

    [Fact]
    public async Task Its_environment_is_its_own()
    {
        await using var backend = new Backend();
        var environment = new Dictionary<string, string> { ["SAS"] = "sig=1" };
        Assert.True(await backend.Compute.StartAsync(Backend.TaskOf("", environment: environment) with { Command = ["env"] }, default));
        await backend.WaitAsync();

        var variables = (await backend.Compute.ReadOutputAsync(Backend.Id, default)).Trim().Split('\n');

        Assert.Contains("SAS=sig=1", variables);
        var own = backend.HasSandbox ? "/tmp" : $"{backend.TaskFolder}/tmp";
        Assert.Contains($"HOME={own}", variables);
        Assert.Contains($"TMPDIR={own}", variables);
        Assert.All(variables, variable => Assert.Contains(variable.Split('=')[0], new[] { "HOME", "LANG", "LARDER_NOTICE", "LARDER_TASK", "LC_ALL", "PATH", "PWD", "SAS", "TMPDIR", "TZ" }));
    }

    [Fact]
    public async Task Secrets_are_in_no_file_and_no_command_line_and_the_folder_is_private()
    {
        var secret = Guid.NewGuid().ToString();
        await using var backend = new Backend();
        await backend.StartAsync(
            "import os, time; print(os.environ['SAS'], flush=True); time.sleep(1000)", environment: new Dictionary<string, string> { ["SAS"] = secret });

        await backend.OutputAsync(secret);

        // The lock is locked, and empty.
        var files = Directory.GetFiles(backend.TaskFolder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("output.log" or "lock")).ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.DoesNotContain(secret, File.ReadAllText(file)));
        Assert.NotEmpty(backend.Processes);
        Assert.All(backend.Processes, process => Assert.DoesNotContain(secret, File.ReadAllText($"/proc/{process}/cmdline")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(backend.TaskFolder));
    }

    [Fact]
    public async Task Children_in_sessions_of_their_own_end_with_the_command()
    {
        await using var backend = new Backend();
        await backend.StartAsync(IgnoresTerm + "for i in range(5): ignore_term()\ntime.sleep(.2); sys.exit(0)");

        Assert.Equal(0, (await backend.WaitAsync()).ExitCode);
        Assert.DoesNotContain(backend.Processes, IsSleeper);
    }

    [Fact]
    public async Task Stopping_lets_a_command_end_by_itself()
    {
        await using var backend = new Backend();
        await backend.StartAsync("import signal, sys, time\nsignal.signal(15, lambda *_: (print('saved'), sys.exit(5)))\nprint('ready', flush=True)\ntime.sleep(1000)");
        await backend.OutputAsync("ready");

        await backend.Compute.StopAsync(Backend.Id, default);
        await backend.Compute.StopAsync(Backend.Id, default);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 5, "It was stopped."), await backend.WaitAsync());
        Assert.Equal("ready\nsaved\n", await backend.Compute.ReadOutputAsync(Backend.Id, default));
    }

    [Fact]
    public async Task Stopping_kills_after_the_grace_time_what_ignores_it()
    {
        await using var backend = new Backend(new ProcessComputeOptions { StopGrace = TimeSpan.FromMilliseconds(200) });
        await backend.StartAsync(IgnoresTerm + "signal.signal(15, signal.SIG_IGN); ignore_term(); print('ready', flush=True); time.sleep(1000)");
        await backend.OutputAsync("ready");

        await backend.Compute.StopAsync(Backend.Id, default);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 137, "It was stopped."), await backend.WaitAsync());
        Assert.DoesNotContain(backend.Processes, IsSleeper);
    }

    [Fact]
    public async Task What_was_stopped_before_it_began_never_begins()
    {
        await using var backend = new Backend();
        await backend.Compute.StopAsync(Backend.Id, default);
        Assert.False(Directory.Exists(backend.TaskFolder));
        Directory.CreateDirectory(backend.TaskFolder);
        await backend.Compute.StopAsync(Backend.Id, default);

        await backend.StartAsync("print('ran')");

        Assert.Equal(new ComputeStatus(ComputeState.Exited, null, "It was stopped before it began."), await backend.WaitAsync());
        Assert.Equal("", await backend.Compute.ReadOutputAsync(Backend.Id, default));
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_ended()
    {
        await using var backend = new Backend(new ProcessComputeOptions { StopGrace = TimeSpan.FromMilliseconds(200) });
        await backend.StartAsync(IgnoresTerm + "signal.signal(15, signal.SIG_IGN); ignore_term(); time.sleep(1000)", TimeSpan.FromSeconds(1));

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 137, "It ran longer than the 1 seconds it was given.", TimedOut: true), await backend.WaitAsync());
    }

    [Fact]
    public async Task A_command_that_fills_the_disk_is_ended()
    {
        await using var backend = new Backend(new ProcessComputeOptions { DiskBytes = 20_000_000 });
        await backend.StartAsync("""
            import os, time
            os.makedirs("a/b")
            for i in range(30):
                open("a/b/%d" % i, "wb").write(bytes(1000000))
            time.sleep(1000)
            """);

        Assert.Equal("It used more than 0.02 GB of disk.", (await backend.WaitAsync()).Reason);
    }

    [Fact]
    public async Task A_file_cannot_be_longer_than_the_quota()
    {
        await using var backend = new Backend(new ProcessComputeOptions { DiskBytes = 20_000_000 });
        await backend.StartAsync("open('large', 'wb').write(bytes(30000000))");

        var status = await backend.WaitAsync();

        // The file and what else is in the folder are more than the disk, so on a busy machine the task may be ended before it fails itself.
        if (status.Reason is null)
        {
            Assert.Equal(1, status.ExitCode);
            Assert.Contains("File too large", await backend.Compute.ReadOutputAsync(Backend.Id, default));
        }
        else
        {
            Assert.Equal((143, "It used more than 0.02 GB of disk."), (status.ExitCode, status.Reason));
        }
    }

    [Fact]
    public async Task A_command_that_wants_too_much_memory_does_not_get_it()
    {
        await using var backend = new Backend();
        await backend.StartAsync("x = bytearray(2_000_000_000)", resources: new ComputeResources(MemoryGb: 0.5));

        var status = await backend.WaitAsync();

        // As a control group limits it, or the address space of each process.
        if (status.ExitCode == 137)
            Assert.Equal("It used more memory than the 0.5 GB it was given.", status.Reason);
        else
            Assert.Contains("MemoryError", await backend.Compute.ReadOutputAsync(Backend.Id, default));
    }

    [Fact]
    public async Task A_command_that_uses_too_much_CPU_time_is_ended()
    {
        await using var backend = new Backend();
        await backend.StartAsync("while True: pass", TimeSpan.FromSeconds(20), new ComputeResources(Cpu: 0.05));

        var status = await backend.WaitAsync();

        // Where a control group limits its cores, it is too slow to come to that within its time.
        if (!status.TimedOut)
            Assert.Equal(new ComputeStatus(ComputeState.Exited, 128 + 24, "It used more CPU time than its time and cores allow."), status);
    }

    [Fact]
    public async Task Only_the_last_of_its_output_is_kept()
    {
        await using var backend = new Backend();
        await backend.StartAsync("for i in range(500000): print(i)");
        await backend.WaitAsync();

        var output = await backend.Compute.ReadOutputAsync(Backend.Id, default);

        Assert.Equal(64 << 10, output.Length);
        Assert.EndsWith("\n499998\n499999\n", output);
        Assert.InRange(new FileInfo(Path.Combine(backend.TaskFolder, "output.log")).Length, 64 << 10, (1 << 20) + (64 << 10));
    }

    [Fact]
    public async Task A_host_that_starts_later_finds_a_task_and_can_end_it()
    {
        await using var backend = new Backend();
        await backend.StartAsync("print('ready', flush=True); import time; time.sleep(1000)");
        await backend.OutputAsync("ready");

        using var next = backend.Another();
        Assert.Equal(ComputeState.Running, (await next.GetStatusAsync(Backend.Id, default)).State);
        Assert.True(await next.StartAsync(Backend.TaskOf("print('again')"), default));
        await next.StopAsync(Backend.Id, default);

        Assert.Equal("It was stopped.", (await backend.WaitAsync()).Reason);
        Assert.Equal("ready\n", await next.ReadOutputAsync(Backend.Id, default));
    }

    [Fact]
    public async Task When_the_supervisor_is_killed_nothing_of_the_task_lives_on()
    {
        await using var backend = new Backend();
        // The last one has an empty environment, and with it no marker: it is known by its parent.
        await backend.StartAsync(IgnoresTerm + "ignore_term(); import subprocess; subprocess.Popen(['env', '-i', 'setsid', 'sleep', '1000']); print('ready', flush=True); time.sleep(1000)");
        await backend.OutputAsync("ready");
        var supervisor = backend.State.GetProperty("pid").GetInt32();
        var below = Below(supervisor);
        Assert.True(below.Count >= 3);

        Signals.Kill(supervisor);
        var status = await backend.WaitAsync();

        Assert.Equal("Its supervisor was killed, or the machine was restarted.", status.Reason);
        Assert.Null(status.ExitCode);
        Assert.All(below, pid => Assert.True(LinuxProcess.TryRead(pid) is null or { IsZombie: true }));
        Assert.Empty(backend.Processes);
        Assert.Equal(status, await backend.Compute.GetStatusAsync(Backend.Id, default));
    }

    [Fact]
    public async Task A_process_that_has_the_pid_of_a_supervisor_of_old_is_not_taken_for_it()
    {
        await using var backend = new Backend();
        Directory.CreateDirectory(backend.TaskFolder);
        File.WriteAllText(
            Path.Combine(backend.TaskFolder, "state.json"),
            $$"""{"pid": {{Environment.ProcessId}}, "start_time": 1, "boot_id": "{{LinuxProcess.BootId()}}", "started": "2026-01-01T00:00:00Z", "command_pid": null}""");

        await backend.Compute.StopAsync(Backend.Id, default);
        Assert.Equal("Its supervisor was killed, or the machine was restarted.", (await backend.WaitAsync()).Reason);
    }

    [Fact]
    public async Task Deleting_ends_a_running_task_and_removes_whatever_it_made()
    {
        await using var backend = new Backend();
        await backend.StartAsync(IgnoresTerm + """
            ignore_term()
            os.makedirs("closed/inner"); open("closed/inner/file", "w"); os.chmod("closed", 0)
            open(b"not \xff UTF-8", "w")
            os.symlink("/", "root")
            for i in range(60):
                os.mkdir("d" * 100); os.chdir("d" * 100)
            print("ready", flush=True)
            time.sleep(1000)
            """);
        await backend.OutputAsync("ready");

        await backend.Compute.DeleteAsync(Backend.Id, default);

        Assert.Empty(backend.Processes);
        Assert.Empty(Directory.GetFileSystemEntries(backend.Folder));
        Assert.Equal(ComputeState.Missing, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);
        Assert.True(Directory.Exists("/proc"));
        await backend.Compute.DeleteAsync(Backend.Id, default);
    }

    [Fact]
    public async Task Deleting_one_attempt_leaves_the_others()
    {
        await using var backend = new Backend();
        await backend.StartAsync("print('first')");
        await backend.WaitAsync();
        var second = new ComputeId(Backend.Id.Job, 2);
        Assert.True(await backend.Compute.StartAsync(Backend.TaskOf("print('second')", id: second), default));
        await backend.WaitAsync(second);

        await backend.Compute.DeleteAsync(Backend.Id, default);

        Assert.Equal([second], await ListAsync(backend));
        Assert.Equal("second\n", await backend.Compute.ReadOutputAsync(second, default));
    }

    [Fact]
    public async Task A_missing_Python_is_a_sentence()
    {
        await using var backend = new Backend(new ProcessComputeOptions { Python = "no-such-python" });

        var refused = await Assert.ThrowsAsync<ComputeFailedException>(() => backend.Compute.StartAsync(Backend.TaskOf("pass"), default));

        Assert.Equal("'no-such-python' cannot be run (there is no such program): training in a local process needs Python 3.8 or later.", refused.Message);
    }

    [Fact]
    public async Task What_the_machine_does_not_have_is_refused()
    {
        await using var backend = new Backend();

        backend.Compute.Validate(new ComputeResources(Cpu: 1, MemoryGb: 1));
        Assert.Contains("'image'", Assert.Throws<InvalidRequestException>(() => backend.Compute.Validate(new ComputeResources("python:3.12"))).Message);
        Assert.Contains("'gpu'", Assert.Throws<InvalidRequestException>(() => backend.Compute.Validate(new ComputeResources(Gpu: 1))).Message);
        Assert.Contains("cores", Assert.Throws<InvalidRequestException>(() => backend.Compute.Validate(new ComputeResources(Cpu: 128.5))).Message);
        Assert.Contains("GB", Assert.Throws<InvalidRequestException>(() => backend.Compute.Validate(new ComputeResources(MemoryGb: 100_000))).Message);
    }

    [Fact]
    public async Task It_is_refused_in_Azure()
    {
        var options = new ProcessComputeOptions { Folder = "never-made", RunsInAzure = true };
        using var compute = new ProcessCompute(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<ProcessCompute>.Instance);

        Assert.Contains("Azure", Assert.Throws<InvalidRequestException>(() => compute.Validate(new ComputeResources())).Message);
        Assert.Contains("Azure", (await Assert.ThrowsAsync<ComputeFailedException>(() => compute.StartAsync(Backend.TaskOf("pass"), default))).Message);
        Assert.False(Directory.Exists("never-made"));
    }

    [Theory]
    [InlineData("../other")]
    [InlineData("")]
    [InlineData("Job")]
    public async Task An_id_that_is_none_never_becomes_a_path(string job)
    {
        await using var backend = new Backend();

        await Assert.ThrowsAsync<ArgumentException>(() => backend.Compute.DeleteAsync(new ComputeId(job, 1), default));
    }

    // Only the supervisor may still be on its way out; on the last of it, it has no command line any more.
    private static bool IsSleeper(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline") is { Length: > 0 } line && !line.Contains("supervise.py");
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static List<int> Below(int pid)
    {
        var below = new List<int> { pid };
        for (var i = 0; i < below.Count; i++)
            below.AddRange(LinuxProcess.All().Where(process => process.Parent == below[i]).Select(process => process.Pid));
        return below;
    }

    private static async Task<List<ComputeId>> ListAsync(Backend backend)
    {
        var ids = new List<ComputeId>();
        await foreach (var id in backend.Compute.ListAsync(default))
            ids.Add(id);
        return ids;
    }
}
