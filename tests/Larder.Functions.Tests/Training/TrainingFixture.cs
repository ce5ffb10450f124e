using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Training;

/// <summary>
/// One Larder on a storage emulator and in a folder of its own, for trainings. Whatever ends here must have left nothing: <see cref="EndAsync"/> looks.
/// </summary>
public class TrainingFixture : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"larder-training-{Guid.NewGuid():N}");
    private readonly (string, string)[] _settings;
    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Four trainings at a time, whatever the machine.</summary>
    public TrainingFixture()
        : this(("Jobs:Process:MaxConcurrent", "4"), ("Limits:Job:ScriptBytes", "100000"))
    {
    }

    private protected TrainingFixture(params (string Name, string Value)[] settings) => _settings = settings;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <summary>Its storage.</summary>
    public BlobServiceClient Storage => new(_azurite!.ConnectionString);

    private string Jobs => Path.Combine(_folder, "0", "jobs");

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(_azurite.ConnectionString, [("LocalFolder", _folder), .. _settings]);
        // The record of its settings, which it writes while it serves already; its copy by time is the last of it. No test is to take it for something of its own.
        await Eventually.TrueAsync(async () => (await Client.AuditAsync("")).Count > 0);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Submits a training.</summary>
    /// <returns>The job's id.</returns>
    internal async Task<string> SubmitAsync(string model, string script, byte[]? dataset = null, string? options = null, string datasetName = "data.bin")
    {
        var answer = await Client.TrainAsync(model, script, dataset, options, datasetName: datasetName);
        Assert.True(answer.Code == 202, answer.Description);
        return (string)answer.Body["job"]!["id"]!;
    }

    /// <summary>Trains, waits for the end, and looks that nothing is left.</summary>
    internal async Task<JsonNode> TrainAsync(string model, string script, byte[]? dataset = null, string? options = null, string datasetName = "data.bin") =>
        await EndAsync(await SubmitAsync(model, script, dataset, options, datasetName));

    /// <summary>Waits for a job's end; then, at once, nothing of it runs, and no file is left that should not be.</summary>
    internal async Task<JsonNode> EndAsync(string job)
    {
        var ended = await Client.EndOfAsync(job, () => Log);
        Assert.Empty(JobProcesses.Marked(Path.Combine(Jobs, job)));
        Assert.False(Directory.Exists(Path.Combine(Jobs, job)), $"The folder of {job} is still there.");
        Assert.All(ended["steps"]!.AsArray(), step => Assert.NotNull(step!["finished"]));
        Assert.False(ended.AsObject().ContainsKey("status"));

        // No job.json, which has URLs, and nothing half-written.
        var expected = new List<string> { "secrets.json" };
        foreach (var attempt in ended["attempts"]!.AsArray().Select(attempt => (int)attempt!["number"]!))
            expected.AddRange([$"attempt-{attempt}/log.jsonl", $"attempt-{attempt}/exit.json", $"attempt-{attempt}/backend.log", $"attempt-{attempt}/lease.json"]);
        var files = await FilesAsync(job);
        Assert.DoesNotContain(files.Except(expected), file => !file.Contains("/outputs/") && !file.Contains("/found/"));
        return ended;
    }

    /// <summary>Waits until a job has that state.</summary>
    internal Task StateAsync(string job, string state) => Eventually.TrueAsync(async () => (string)(await JobAsync(job))["state"]! == state);

    /// <summary>A job as the API shows it.</summary>
    internal async Task<JsonNode> JobAsync(string job) => (await Client.GetJsonAsync($"/api/v1/jobs/{job}")).Body["job"]!;

    /// <summary>All lines of a job's log, read in pages, as <c>{source} {text}</c>. They are numbered from 1 without a gap.</summary>
    internal async Task<IReadOnlyList<string>> LinesAsync(string job, int limit = 10_000, int attempt = 1)
    {
        var lines = new List<string>();
        while (true)
        {
            var page = await Client.GetJsonAsync($"/api/v1/jobs/{job}/logs?after={lines.Count}&limit={limit}&attempt={attempt}");
            foreach (var line in page.Body["lines"]!.AsArray())
            {
                lines.Add($"{line!["s"]} {line["m"]}");
                Assert.Equal(lines.Count, (long)line["n"]!);
            }

            if ((bool)page.Body["is_end"]!)
                return lines;
        }
    }

    /// <summary>The names of a job's files in storage.</summary>
    internal async Task<IReadOnlyList<string>> FilesAsync(string job)
    {
        var container = Storage.GetBlobContainerClient($"job-{job}");
        var names = new List<string>();
        if (await container.ExistsAsync())
        {
            await foreach (var blob in container.GetBlobsAsync())
                names.Add(blob.Name);
        }

        return names;
    }

    /// <summary>All containers and blobs that jobs and models make, and all files in the staging area.</summary>
    internal async Task<IReadOnlyList<string>> EverythingAsync()
    {
        var all = new List<string>();
        await foreach (var container in Storage.GetBlobContainersAsync())
        {
            if (!IsTheHosts(container.Name))
                all.Add(container.Name);
        }

        await foreach (var (name, _) in BlobsAsync())
        {
            if (!IsTheHosts(name))
                all.Add(name);
        }

        var staging = Path.Combine(_folder, "0", "staging");
        return [.. all, .. Directory.Exists(staging) ? Directory.GetFiles(staging) : []];
    }

    /// <summary>The names of all blobs, <c>container/name</c>, whose bytes hold a text.</summary>
    internal async Task<IReadOnlyList<string>> BlobsWithAsync(string text)
    {
        var found = new List<string>();
        await foreach (var (name, blob) in BlobsAsync())
        {
            var content = (await blob.DownloadContentAsync()).Value.Content.ToMemory();
            if (content.Span.IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)
                found.Add(name);
        }

        return found;
    }

    /// <summary>What the durable engine has stored of a job's orchestration: rows of its tables.</summary>
    internal async Task<IReadOnlyList<string>> HistoryAsync(string job)
    {
        var rows = new List<string>();
        var tables = new TableServiceClient(_azurite!.ConnectionString);
        await foreach (var table in tables.QueryAsync())
        {
            await foreach (var row in tables.GetTableClient(table.Name).QueryAsync<TableEntity>(row => row.PartitionKey == job))
                rows.Add($"{table.Name}: {row.RowKey}");
        }

        return rows;
    }

    /// <summary>Timers' and the task hub's own (its containers begin with its name), which come and go.</summary>
    private static bool IsTheHosts(string name) =>
        name.StartsWith("azure-webjobs", StringComparison.Ordinal) || name.StartsWith("larder-", StringComparison.Ordinal);

    private async IAsyncEnumerable<(string Name, BlobClient Blob)> BlobsAsync()
    {
        await foreach (var container in Storage.GetBlobContainersAsync())
        {
            var client = Storage.GetBlobContainerClient(container.Name);
            await foreach (var blob in client.GetBlobsAsync())
                yield return ($"{container.Name}/{blob.Name}", client.GetBlobClient(blob.Name));
        }
    }
}

/// <summary>The tests that share <see cref="TrainingFixture"/>.</summary>
[CollectionDefinition(nameof(SharedTraining))]
public sealed class SharedTraining : ICollectionFixture<TrainingFixture>;
