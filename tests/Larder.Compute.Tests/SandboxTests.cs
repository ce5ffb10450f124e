using System.Globalization;
using System.Text;
using Azure.Storage.Blobs;
using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Registry.Errors;
using Larder.Testing;
using Xunit.Abstractions;

namespace Larder.Compute.Tests;

/// <summary>
/// Scripts that mean harm, and honest ones, in the sandbox of local jobs. Where this machine cannot make one, a test says so, and asserts what then is
/// promised: the job runs, and its log says that it has none.
/// </summary>
[Collection(AzuriteCollection.Name)]
public sealed class SandboxTests(Azurite azurite, ITestOutputHelper output)
{
    private const string Attempts = """
        import os, signal, socket, subprocess, sys, time
        def attempt(name, action):
            try:
                print(name, "done", repr(action()))
            except Exception as error:
                print(name, "failed", type(error).__name__)
        def read(path):
            with open(path, "rb") as file:
                return file.read()
        def write(path):
            with open(path, "a") as file:
                file.write("was here")

        """;

    private static string? Missing => new ProcessSandbox(new ProcessComputeOptions()).Missing;

    [Fact]
    public async Task A_script_sees_nothing_of_the_server_and_of_other_jobs_and_writes_nowhere_but_in_its_own_folders()
    {
        Environment.SetEnvironmentVariable("SERVERS_KEY", "kept-from-jobs");
        await using var job = new TrainingJob(azurite, new ProcessComputeOptions { ReadFolders = Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))! })
        {
            Arguments = [AppContext.BaseDirectory, $"{Environment.ProcessId}"],
            Script = Attempts + """
                servers, server = sys.argv[1], int(sys.argv[2])
                jobs = os.path.dirname(os.path.dirname(os.environ["LARDER_TASK"]))
                attempt("other job", lambda: read(jobs + "/job2/1/tmp/secret"))
                attempt("lease folder", lambda: read(jobs + "/machine"))
                attempt("own control files", lambda: read(os.environ["LARDER_TASK"] + "/state.json"))
                attempt("forged end", lambda: write(os.environ["LARDER_TASK"] + "/exit.json"))
                attempt("shadow", lambda: read("/etc/shadow"))
                print("settings:", os.listdir(servers))
                print("environment:", "kept-from-jobs" in str(os.environ) or b"kept-from-jobs" in b"".join(read("/proc/%s/environ" % p) for p in os.listdir("/proc") if p.isdigit()))
                attempt("signal", lambda: os.kill(server, 0))
                print("processes:", sum(p.isdigit() for p in os.listdir("/proc")) < 20)
                for place in ("/", "/usr", "/etc", "/var", "/dev", "/proc", jobs, servers):
                    attempt("write " + place, lambda: write(place + "/mark"))
                attempt("kernel", lambda: write("/proc/sys/kernel/core_pattern"))
                attempt("namespace", lambda: subprocess.run(["unshare", "-Ur", "true"], check=True))
                attempt("mount", lambda: subprocess.run(["mount", "-t", "tmpfs", "none", "/tmp"], check=True))
                attempt("tmp", lambda: write("/tmp/own"))
                attempt("shm", lambda: write("/dev/shm/own"))
                """,
        };
        File.WriteAllText(Path.Combine(job.Backend.Folder, "machine"), "id");
        var other = Directory.CreateDirectory(Path.Combine(job.Backend.Folder, "job2", "1", "tmp"));
        File.WriteAllText(Path.Combine(other.FullName, "secret"), "of another");

        var ended = await job.RunAsync();
        File.Delete(Path.Combine(job.Backend.Folder, "machine"));

        Assert.Equal("done", ended.Stage);
        if (HasNone(ended))
            return;
        Assert.Equal(
            [
                "other job failed FileNotFoundError",
                "lease folder failed FileNotFoundError",
                "own control files failed FileNotFoundError",
                "forged end failed FileNotFoundError",
                "shadow failed FileNotFoundError",
                "settings: []",
                "environment: False",
                "signal failed ProcessLookupError",
                "processes: True",
            ],
            ended.Out.Take(9));
        Assert.All(ended.Out.Skip(9).Take(11), line => Assert.Contains(" failed ", line));
        Assert.Equal(["tmp done None", "shm done None"], ended.Out.Skip(20));
        Assert.DoesNotContain("was here", File.ReadAllText("/proc/sys/kernel/core_pattern"));
    }

    [Fact]
    public async Task Nothing_of_a_script_outlives_it()
    {
        await using var job = new TrainingJob(azurite)
        {
            Script = Attempts + """
                # An empty environment, a session of its own, every ancestor gone: nothing that the host could know it by.
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)
                        for descriptor in range(3):
                            os.close(descriptor)
                        os.execve("/bin/sh", ["sh", "-c", "while true; do date +%s%N > /tmp/beat; sleep .05; done"], {})
                    os._exit(0)
                while not os.path.exists("/tmp/beat" if os.access("/tmp", os.W_OK) else "beat"):
                    time.sleep(.02)
                print("left one behind")
                """,
        };

        if (Missing is { } reason)
        {
            // The daemon would write into this machine's own /tmp.
            output.WriteLine(reason);
            return;
        }

        var ended = await job.RunAsync();

        Assert.Equal(["left one behind"], ended.Out);
        var beat = Path.Combine(job.Backend.TaskFolder, "tmp", "beat");
        var last = File.ReadAllText(beat);
        await Task.Delay(TimeSpan.FromSeconds(0.5));
        Assert.Equal(last, File.ReadAllText(beat));
        Assert.DoesNotContain(LinuxProcess.All(), process => CommandLine(process.Pid).Contains("/tmp/beat"));
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData("/dev/shm")]
    public async Task A_script_that_fills_its_temporary_folders_is_ended(string folder)
    {
        await using var backend = new Backend(new ProcessComputeOptions { DiskBytes = 20_000_000 });
        if (Missing is { } reason)
        {
            output.WriteLine(reason);
            folder = ".";
        }

        await backend.StartAsync($"""
            import time
            for i in range(30):
                open("{folder}/%d" % i, "wb").write(bytes(1000000))
            time.sleep(1000)
            """);

        Assert.Equal("It used more than 0.02 GB of disk.", (await backend.WaitAsync()).Reason);
    }

    [Fact]
    public async Task Memory_is_limited_for_all_processes_of_a_task_together_where_control_groups_can_be_made()
    {
        await using var backend = new Backend();
        // Each may have it, all together may not.
        await backend.StartAsync(
            """
            import os, time
            for i in range(6):
                if os.fork() == 0:
                    held = bytearray(os.urandom(1000)) * 100000
                    time.sleep(1000)
            killed = 0
            os.waitpid(-1, 0)
            print("one was killed", flush=True)
            os._exit(3)
            """,
            resources: new ComputeResources(MemoryGb: 0.4));
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(backend.TaskFolder, "state.json"))));
        if (!Groups(backend).Any(group => File.Exists(Path.Combine(group, "memory.max")) || File.Exists(Path.Combine(group, "memory.limit_in_bytes"))))
        {
            output.WriteLine("This user may not make control groups for memory: only each process's address space is limited.");
            return;
        }

        Assert.Equal(3, (await backend.WaitAsync()).ExitCode);
        Assert.Equal("one was killed\n", await backend.Compute.ReadOutputAsync(Backend.Id, default));
        Assert.All(Groups(backend), group => Assert.False(Directory.Exists(group)));
    }

    [Fact]
    public async Task A_task_gets_only_so_many_processes()
    {
        await using var backend = new Backend(new ProcessComputeOptions { Processes = 40 });
        await backend.StartAsync("""
            import os, time
            count = 0
            try:
                while count < 200:
                    if os.fork() == 0:
                        time.sleep(1000)
                    count += 1
            except OSError as error:
                print(type(error).__name__)
            print(count)
            """);
        await backend.WaitAsync();

        var lines = (await backend.Compute.ReadOutputAsync(Backend.Id, default)).Split('\n');

        if (lines[0] == "200")
        {
            output.WriteLine("This user may not make control groups for processes, and is root or has an old kernel: their number is not limited.");
            Assert.DoesNotContain(Groups(backend), group => group.Contains("pids"));
            return;
        }

        Assert.Equal("BlockingIOError", lines[0]);
        Assert.InRange(int.Parse(lines[1], CultureInfo.InvariantCulture), 20, 40);
    }

    [Fact]
    public async Task Control_groups_of_a_supervisor_that_was_killed_are_removed()
    {
        await using var backend = new Backend();
        await backend.StartAsync("import time; print('ready', flush=True); time.sleep(1000)");
        await backend.OutputAsync("ready");
        var groups = Groups(backend);
        output.WriteLine(groups.Count == 0 ? "This user may not make control groups." : string.Join("\n", groups));
        Assert.All(groups, group => Assert.True(Directory.Exists(group)));

        Signals.Kill(backend.State.GetProperty("pid").GetInt32());
        await backend.WaitAsync();

        Assert.All(groups, group => Assert.False(Directory.Exists(group)));
    }

    [Fact]
    public async Task Without_a_network_a_job_still_has_its_own_files_and_nothing_else()
    {
        var other = new BlobServiceClient(azurite.NewAccount()).Uri;
        await using var job = new TrainingJob(azurite, new ProcessComputeOptions { Network = SandboxNetwork.None })
        {
            Arguments = [$"{other.Port}", other.AbsolutePath.Trim('/')],
            Script = Attempts + """
                import urllib.error, urllib.request
                port, account = int(sys.argv[1]), sys.argv[2]
                attempt("connection", lambda: socket.create_connection(("127.0.0.1", port), 5))
                attempt("names", lambda: socket.getaddrinfo("example.com", 80))
                def ask(url, method="GET", headers={}):
                    try:
                        urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=30)
                        return "answered"
                    except urllib.error.HTTPError as error:
                        return "%d %s" % (error.code, error.headers.get("Server", "").split("/")[0])
                base = "http://127.0.0.1:%d/%s" % (port, account)
                print("other container:", ask(base + "/any?comp=list", headers={"Authorization": "SharedKey x:y"}))
                print("own path, other query:", ask(base + "/job-1/attempt-1/job.json?sig=mine"))
                print("dots:", ask(base + "/job-1/../artifacts/x"), ask(base + "/job-1/%2e%2e/artifacts/x"))
                print("elsewhere:", ask("http://example.com/"))
                try:
                    urllib.request.urlopen("https://example.com/", timeout=30)
                except urllib.error.URLError as error:
                    print("tunnel:", error.reason)
                open(os.path.join(os.environ["LARDER_OUTPUT_DIR"], "kept.txt"), "w").write("whole")
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        Assert.Equal(["kept.txt"], ended.Paths("outputs"));
        Assert.Equal("whole", Encoding.UTF8.GetString((await job.ReadAsync("outputs/kept.txt"))!));
        if (HasNone(ended))
            return;
        Assert.Equal(
            [
                "connection failed ConnectionRefusedError",
                "names failed gaierror",
                "other container: 403 BaseHTTP",
                "own path, other query: 403 BaseHTTP",
                "dots: 403 BaseHTTP 403 BaseHTTP",
                "elsewhere: 403 BaseHTTP",
                "tunnel: Tunnel connection failed: 403 The job has no network but its own files: Jobs:Process:Network is none",
            ],
            ended.Out);
    }

    [Fact]
    public async Task The_relay_lets_nothing_through_that_makes_another_request_of_a_permitted_one()
    {
        await using var job = new TrainingJob(azurite, new ProcessComputeOptions { Network = SandboxNetwork.None })
        {
            // The script finds its own URLs in bootstrap.py's memory, which is no secret from it: it is the same user.
            Script = Attempts + """
                import re, urllib.error, urllib.request
                def urls():
                    found = set()
                    with open("/proc/%d/maps" % os.getppid()) as maps, open("/proc/%d/mem" % os.getppid(), "rb", 0) as memory:
                        for line in maps:
                            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                            if match:
                                start, end = (int(part, 16) for part in match.groups())
                                try:
                                    memory.seek(start)
                                    found |= set(re.findall(rb"http://127[!-~]*/job-1\?[!-~]*sig=[A-Za-z0-9%]*", memory.read(end - start)))
                                except (OSError, OverflowError, ValueError):
                                    pass
                    return [url.decode() for url in found]
                own = None
                try:
                    own = urls()
                except OSError as error:
                    print("memory cannot be read:", type(error).__name__)
                if own:
                    def put(path, query="", headers={}, data=b"x"):
                        request = urllib.request.Request("%s/%s?%s%s" % (account, path, signature, query), data=data, method="PUT", headers=dict({"x-ms-blob-type": "BlockBlob", "x-ms-version": "2020-10-02"}, **headers))
                        try:
                            return str(urllib.request.urlopen(request, timeout=30).status)
                        except urllib.error.HTTPError as error:
                            return "%d %s" % (error.code, error.headers.get("Server", "").split("/")[0])
                    # Memory that was used again holds parts of the URL too: the whole one is that which the storage takes.
                    for url in own:
                        account, _, signature = url.partition("?")
                        if put("attempt-1/outputs/own") == "201":
                            break
                    print("own:", put("attempt-1/outputs/own"))
                    print("copied:", put("attempt-1/outputs/copied", headers={"x-ms-copy-source": account + "/attempt-1/job.json?" + signature}, data=b""))
                    print("another member:", put("attempt-1/outputs/more", "&restype=container"))
                    print("dots:", put("attempt-1/../../artifacts/x"))
                """,
        };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        if (HasNone(ended))
            return;
        if (ended.Out is [var first, ..] && first.StartsWith("memory cannot be read", StringComparison.Ordinal))
        {
            output.WriteLine(first);
            return;
        }

        Assert.Equal(["own: 201", "copied: 201", "another member: 403 BaseHTTP", "dots: 403 BaseHTTP"], ended.Out);
        // The header was left out: what it would have copied is not there.
        Assert.Empty((await job.ReadAsync("outputs/copied"))!);
    }

    [Fact]
    public async Task Off_says_so_in_the_log_of_the_job()
    {
        await using var job = new TrainingJob(azurite, new ProcessComputeOptions { Sandbox = SandboxUse.Off }) { Script = "import os; print(os.environ.get('LARDER_NOTICE'))" };

        var ended = await job.RunAsync();

        Assert.Equal("done", ended.Stage);
        Assert.Equal("Local jobs run without a sandbox, since Jobs:Process:Sandbox is off: their code has the rights of the user who runs the server.", ended.Lines[0].M);
        Assert.Equal(["None"], ended.Out);
    }

    [Fact]
    public async Task A_machine_that_cannot_make_one_says_so_in_the_log_of_the_job()
    {
        await using var job = new TrainingJob(azurite, new ProcessComputeOptions { Bubblewrap = "no-such-bwrap" }) { Script = "print('ran')" };

        var ended = await job.RunAsync();

        Assert.Equal(["ran"], ended.Out);
        Assert.StartsWith("Local jobs run without a sandbox, since this machine cannot make one (no-such-bwrap is not installed", ended.Lines[0].M);
    }

    [Fact]
    public async Task Required_refuses_where_there_is_none()
    {
        await using var backend = new Backend(new ProcessComputeOptions { Sandbox = SandboxUse.Required, Bubblewrap = "no-such-bwrap" });

        var refused = Assert.Throws<InvalidRequestException>(() => backend.Compute.Validate(new ComputeResources()));
        var failed = await Assert.ThrowsAsync<ComputeFailedException>(() => backend.Compute.StartAsync(Backend.TaskOf("pass"), default));

        Assert.Equal(
            "Training is refused: Jobs:Process:Sandbox is required, and this machine cannot make a sandbox (no-such-bwrap is not installed: the package is called bubblewrap). Install bubblewrap, and allow user namespaces.",
            refused.Message);
        Assert.Equal(refused.Message, failed.Message);
        Assert.Equal(ComputeState.Missing, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);
    }

    [Fact]
    public void A_bubblewrap_that_fails_is_no_sandbox_and_its_words_are_the_reason()
    {
        var folder = Directory.CreateTempSubdirectory("bwrap-");
        var program = Path.Combine(folder.FullName, "bwrap-broken");
        File.WriteAllText(program, "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            Environment.SetEnvironmentVariable("PATH", $"{folder.FullName}:{path}");
            var sandbox = new ProcessSandbox(new ProcessComputeOptions { Bubblewrap = "bwrap-broken", Folder = folder.FullName });

            Assert.False(sandbox.IsUsed);
            Assert.Contains("(bwrap: setting up uid map: Permission denied)", sandbox.Missing);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/")]
    [InlineData("/opt/a; /opt/../")]
    public void Folders_that_may_be_read_are_whole_paths(string folders)
    {
        var refused = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => new Backend(new ProcessComputeOptions { ReadFolders = folders }));

        Assert.Contains("whole path", refused.Message);
    }

    private static List<string> Groups(Backend backend) =>
        backend.State.TryGetProperty("control_groups", out var groups) ? [.. groups.EnumerateArray().Select(group => group.GetString()!)] : [];

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Whether this machine has no sandbox; then the job must have said so.</summary>
    private bool HasNone(TrainingJob.Ended ended)
    {
        if (Missing is not { } reason)
        {
            Assert.DoesNotContain(ended.Lines, line => line.M.Contains("without a sandbox"));
            return false;
        }

        output.WriteLine(reason);
        Assert.Equal(reason, ended.Lines[0].M);
        return true;
    }
}
