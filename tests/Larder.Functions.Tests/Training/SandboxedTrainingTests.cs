using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Training;

/// <summary>A script that means harm, sent to a running server as any other. What the sandbox does of itself is in Larder.Compute.Tests.</summary>
public sealed class SandboxedTrainingTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("larder-sandboxed-").FullName;
    private Azurite? _azurite;

    public async Task InitializeAsync() => _azurite = await Azurite.StartAsync(onDisk: true);

    public async Task DisposeAsync()
    {
        await ((IAsyncDisposable)_azurite!).DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_hostile_training_reads_none_of_the_servers_files_and_leaves_nothing_behind()
    {
        await using var larder = await LarderProcess.StartAsync(_azurite!.ConnectionString, ("LocalFolder", _folder));
        var waiting = Accepted(await larder.Client.TrainAsync("victim", "import time\nopen('secret', 'w').write('of the victim')\nprint('waits', flush=True)\ntime.sleep(1000)"));
        await Eventually.TrueAsync(async () => (await LinesAsync(larder, waiting)).Contains("waits"));
        var paths = new[] { _folder, Path.Combine(_folder, "0", "jobs"), Path.Combine(_folder, "0", "jobs", waiting), _azurite.Folder, Path.Combine(AppContext.BaseDirectory, "local.settings.json"), Path.Combine(AppContext.BaseDirectory, "host.json") };
        Assert.All(paths[..4], path => Assert.True(Path.Exists(path), path));
        var marker = $"left-{Guid.NewGuid():N}";

        var job = await larder.Client.TrainToEndAsync("hostile", $$"""
            import os, subprocess, sys
            found = [path for path in {{new JsonArray([.. paths.Select(path => (JsonNode)path)]).ToJsonString()}} if os.path.exists(path)]
            print("found", found)
            print("variables", [name for name in os.environ if "Storage" in name or name.startswith(("Access", "Jobs", "LocalFolder"))])
            print("processes", len([name for name in os.listdir("/proc") if name.isdigit()]) < 20, os.path.exists("/proc/{{larder.Id}}"))
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for descriptor in range(3):
                        os.close(descriptor)
                    os.execve("/bin/sh", ["sh", "-c", "while true; do sleep 1; done", "{{marker}}"], {})
                os._exit(0)
            {{TrainingClient.Copy}}
            """);

        Assert.True((string?)job["state"] == "succeeded", job.ToString());
        Assert.Empty(JobProcesses.WithArgument(marker));
        var lines = await LinesAsync(larder, (string)job["id"]!);
        await larder.Client.PostAsync($"/api/v1/jobs/{waiting}/cancel", null);
        await larder.Client.EndOfAsync(waiting);
        const string Without = "Local jobs run without a sandbox";
        if (larder.Log.Contains(Without, StringComparison.Ordinal))
        {
            output.WriteLine(lines[0]);
            Assert.StartsWith(Without, lines[0]);
            Assert.Contains(lines[0], larder.Log);
            return;
        }

        Assert.Equal(["found []", "variables []", "processes True False", "done"], lines);
        Assert.Contains("Local jobs run in a sandbox, with the network: Host.", larder.Log);
    }

    [Fact]
    public async Task Required_refuses_trainings_where_there_is_no_sandbox_and_the_start_says_so()
    {
        // This machine has bubblewrap, or not: with a PATH of Python alone it has none.
        var programs = Directory.CreateDirectory(Path.Combine(_folder, "programs"));
        await using var larder = await LarderProcess.StartAsync(
            _azurite!.ConnectionString, ("Jobs:Process:Sandbox", "Required"), ("Jobs:Process:Python", "/usr/bin/python3"), ("PATH", programs.FullName));

        var refused = await larder.Client.TrainAsync("refused", TrainingClient.Copy);

        Assert.True((int)refused.Status == 422, refused.Description);
        const string Reason = "Training is refused: Jobs:Process:Sandbox is required, and this machine cannot make a sandbox (bwrap is not installed: the package is called bubblewrap). Install bubblewrap, and allow user namespaces.";
        Assert.Contains(Reason, refused.Description);
        Assert.Contains(Reason, larder.Log);
    }

    private static string Accepted(Answer answer)
    {
        Assert.True(answer.Code == 202, answer.Description);
        return (string)answer.Body["job"]!["id"]!;
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(LarderProcess larder, string job) =>
        [.. (await larder.Client.GetJsonAsync($"/api/v1/jobs/{job}/logs?limit=1000")).Body["lines"]!.AsArray().Select(line => (string)line!["m"]!)];
}
