using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Jobs;

/// <summary>
/// One Larder on a storage of its own, into which tests put jobs as the orchestration would. Each test has model names of its own.
/// </summary>
public sealed class JobsFixture : IAsyncLifetime
{
    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>Its storage.</summary>
    public string Storage => _azurite!.ConnectionString;

    /// <summary>The jobs' documents.</summary>
    public JobStore Jobs { get; private set; } = null!;

    /// <summary>The jobs' files.</summary>
    public JobFiles Files { get; private set; } = null!;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(_azurite.ConnectionString);
        var account = BlobClients.Create(Storage);
        Jobs = new JobStore(await TestStore.OpenAsync(Storage), TimeProvider.System);
        Files = new JobFiles(account, TimeProvider.System);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }

    /// <summary>A job, stored, with room for its files.</summary>
    public async Task<Job> AddAsync(string model, JobState state = JobState.Running, int attempts = 1, Func<Job, Job>? change = null)
    {
        var created = DateTimeOffset.UtcNow;
        var id = JobId.Create(created);
        var job = new Job
        {
            Id = id,
            Type = "train",
            State = state,
            Model = model,
            Created = created,
            Attempts = [.. Enumerable.Range(1, attempts).Select(number => new JobAttempt(number, created))],
        };
        await Files.CreateAsync(id);
        return await Jobs.CreateAsync(change?.Invoke(job) ?? job);
    }

    /// <summary>Adds lines to a job's log, as bootstrap.py does.</summary>
    public async Task LogAsync(Job job, int attempt, params string[] lines)
    {
        var path = $"attempt-{attempt}/log.jsonl";
        await Files.CreateAppendableAsync(job.Id, path);
        await new BlobContainerClient(Storage, $"job-{job.Id}").GetAppendBlobClient(path)
            .AppendBlockAsync(new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    /// <summary>Stores a file that a job left, and lists it in the job.</summary>
    public async Task<JobOutput> LeaveAsync(Job job, string path, byte[] content)
    {
        var etag = await Files.WriteAsync(job.Id, $"attempt-1/outputs/{path}", BinaryData.FromBytes(content));
        var output = new JobOutput(path, content.Length, new string('a', 64), etag);
        await Jobs.UpdateAsync(job.Id, read => read with { Outputs = [.. read.Outputs, output] });
        return output;
    }

    /// <summary>A line of a log.</summary>
    public static string Line(long n, string text, string source = "out") =>
        JsonSerializer.Serialize(new { n, t = "2030-01-01T12:00:00.123Z", s = source, m = text }) + "\n";
}

/// <summary>The tests that share <see cref="JobsFixture"/>.</summary>
[CollectionDefinition(nameof(SharedJobs))]
public sealed class SharedJobs : ICollectionFixture<JobsFixture>;
