using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;

namespace Larder.Functions.Tests.Chaos;

/// <summary>Trainings at two servers that share a storage, each with processes of its own.</summary>
public sealed class TwoServersTrainingTests : IAsyncLifetime
{
    /// <summary>The first attempt never ends by itself.</summary>
    private const string Script = """
        import os, time
        print("attempt", os.environ["LARDER_ATTEMPT"])
        if os.environ["LARDER_ATTEMPT"] == "1":
            time.sleep(1000)

        """ + TrainingClient.Copy;

    private static readonly TimeSpan ShortLease = TimeSpan.FromSeconds(6);

    // A server is back within it, however busy the machine is.
    private static readonly TimeSpan LongLease = TimeSpan.FromSeconds(40);

    private readonly string[] _folders = [NewFolder(), NewFolder()];
    private readonly LarderProcess?[] _servers = new LarderProcess?[2];
    private Azurite? _azurite;

    public async Task InitializeAsync() => _azurite = await Azurite.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            if (server is not null)
                await server.DisposeAsync();
        }

        if (_azurite is not null)
            await _azurite.DisposeAsync();
        foreach (var folder in _folders)
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_training_whose_server_is_killed_is_attempted_again_at_the_other_and_its_process_dies_when_the_server_returns()
    {
        await StartBothAsync(ShortLease);
        var job = await SubmitAsync("moved", """{"attempts": 3}""");
        var owner = await OwnerAsync(job);
        var survivor = _servers[1 - owner]!;
        var old = SupervisorOf(owner, job);

        await _servers[owner]!.KillAsync();
        var ended = await survivor.Client.EndOfAsync(job, () => survivor.Log);

        Assert.True((string)ended["state"]! == "succeeded", ended.ToString());
        Assert.Equal([1, 2], ended["attempts"]!.AsArray().Select(attempt => (int)attempt!["number"]!));
        Assert.StartsWith("The server that ran it was not heard from any more", (string?)ended["attempts"]![0]!["reason"], StringComparison.Ordinal);
        Assert.Equal([1], (await survivor.Client.GetJsonAsync("/api/v1/models/moved")).Body["versions"]!.AsArray().Select(version => (int)version!["version"]!));
        Assert.True(IsAlive(old));

        _servers[owner] = await StartAsync(owner, ShortLease);
        await Eventually.TrueAsync(() => Task.FromResult(!IsAlive(old) && !Directory.Exists(FolderOf(owner, job))));
    }

    [Fact]
    public async Task A_training_whose_server_is_killed_and_started_again_goes_on_as_it_was()
    {
        await StartBothAsync(LongLease);
        var job = await SubmitAsync("kept", """{"attempts": 3}""");
        var owner = await OwnerAsync(job);
        var process = SupervisorOf(owner, job);

        var since = Stopwatch.StartNew();
        await _servers[owner]!.KillAsync();
        _servers[owner] = await StartAsync(owner, LongLease);
        await Eventually.TrueAsync(async () =>
        {
            var seen = (await _servers[1 - owner]!.Client.GetJsonAsync($"/api/v1/jobs/{job}")).Body["job"]!;
            Assert.Equal("running", (string)seen["state"]!);
            Assert.Single(seen["attempts"]!.AsArray());
            return since.Elapsed > LongLease * 1.25;
        });

        Assert.True(IsAlive(process));
        await CancelAsync(owner, job);
    }

    [Fact]
    public async Task A_cancellation_reaches_a_training_at_the_other_server()
    {
        await StartBothAsync(ShortLease);
        var job = await SubmitAsync("cancelled", """{"attempts": 3}""");
        var owner = await OwnerAsync(job);
        var process = SupervisorOf(owner, job);

        await CancelAsync(1 - owner, job);

        Assert.False(IsAlive(process));
        Assert.False(Directory.Exists(FolderOf(owner, job)));
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("larder-two-").FullName;

    // A process that was killed has an entry until the system's first process has noticed.
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')')..][2] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task StartBothAsync(TimeSpan leaseTtl)
    {
        for (var number = 0; number < _servers.Length; number++)
            _servers[number] = await StartAsync(number, leaseTtl);
    }

    private Task<LarderProcess> StartAsync(int number, TimeSpan leaseTtl) =>
        LarderProcess.StartAsync(_azurite!.ConnectionString, ("LocalFolder", _folders[number]), ("Jobs:Process:LeaseTtl", $"{leaseTtl}"));

    private async Task<string> SubmitAsync(string model, string options)
    {
        var answer = await _servers[0]!.Client.TrainAsync(model, Script, options: options);
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        return (string)answer.Body["job"]!["id"]!;
    }

    /// <summary>Which server runs the first attempt, as soon as the job says that it runs.</summary>
    private async Task<int> OwnerAsync(string job)
    {
        await Eventually.TrueAsync(async () =>
            (string)(await _servers[0]!.Client.GetJsonAsync($"/api/v1/jobs/{job}")).Body["job"]!["state"]! == "running");
        return Directory.Exists(FolderOf(0, job)) ? 0 : 1;
    }

    private async Task CancelAsync(int server, string job)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/jobs/{job}/cancel");
        using var answer = await _servers[server]!.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var ended = await _servers[server]!.Client.EndOfAsync(job, () => _servers[server]!.Log);
        Assert.Equal("canceled", (string)ended["state"]!);
    }

    private string FolderOf(int server, string job) => Path.Combine(_folders[server], "0", "jobs", job, "1");

    private int SupervisorOf(int server, string job) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(FolderOf(server, job), "state.json"))).RootElement.GetProperty("pid").GetInt32();
}
