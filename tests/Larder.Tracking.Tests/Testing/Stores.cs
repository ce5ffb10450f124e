using Larder.Registry.Audit;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;
using Larder.Testing;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Tracking.Tests.Testing;

/// <summary>Tests that share one Azurite, each with an account of its own.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "Azurite";
}

/// <summary>Tests that share one Cosmos DB server, each with a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class CosmosCollection : ICollectionFixture<CosmosServer>, ICollectionFixture<Azurite>
{
    public const string Name = "Cosmos";
}

/// <summary>The tests of artifacts and logged models with a Cosmos DB server of their own: of the one that all share, the 63rd database has an id with a slash, which the client cannot ask for.</summary>
[CollectionDefinition(Name)]
public sealed class CosmosArtifactCollection : ICollectionFixture<CosmosServer>, ICollectionFixture<Azurite>
{
    public const string Name = "Cosmos artifacts";
}

/// <summary>One host: the stores of the room on a document store.</summary>
public sealed class TrackingHost : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"larder-{Guid.NewGuid():N}");

    public TrackingHost(IDocumentStore documents, string account, TimeProvider time, IDisposable? owned = null)
    {
        var (client, publishing) = (BlobClients.Create(account), new PublishingOptions { StagingFolder = _folder });
        Bytes = new BlobArtifactStore(client, time);
        Documents = documents;
        Experiments = new ExperimentStore(documents, time);
        Runs = new RunStore(documents, Experiments, time);
        Models = new LoggedModelStore(documents, Experiments, Runs, time);
        Collector = new TrackingGarbageCollector(Experiments, Runs, Models, new RetentionOptions { Deleted = TimeSpan.FromDays(30) });
        Artifacts = new RunArtifacts(documents, Bytes, Runs, Models, new StagingArea(publishing), new PartUploads(client, Bytes, new UploadSessionOptions(), time), publishing, time);
        var audit = new AuditLog(documents, NullLogger<AuditLog>.Instance);
        var registry = new ModelRegistry(documents, time, audit);
        var publisher = new ModelPublisher(
            registry, Bytes, (_, _, _) => throw new NotSupportedException(), (_, _, _) => Task.CompletedTask, new StagingArea(publishing), publishing, NullLogger<ModelPublisher>.Instance);
        Sweeper = new RegistryGarbageCollector(
            registry, Bytes, publisher, new JobStore(documents, time), new JobFiles(client, time), new ScheduleStore(documents, audit), new TokenStore(documents, audit, time), [Artifacts],
            new GarbageCollectionOptions(), new RetentionOptions());
        _owned = owned;
    }

    private readonly IDisposable? _owned;

    public IDocumentStore Documents { get; }

    public ExperimentStore Experiments { get; }

    public RunStore Runs { get; }

    public LoggedModelStore Models { get; }

    public TrackingGarbageCollector Collector { get; }

    public RunArtifacts Artifacts { get; }

    public IArtifactStore Bytes { get; }

    /// <summary>Takes bytes that nothing names.</summary>
    public RegistryGarbageCollector Sweeper { get; }

    public void Dispose()
    {
        Runs.Dispose();
        _owned?.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>On blobs.</summary>
    public static TrackingHost OnBlobs(string connectionString, TimeProvider time) =>
        new(new BlobDocumentStore(BlobClients.Create(connectionString)), connectionString, time);

    /// <summary>On Cosmos DB, whose containers are made when they are missing; artifacts' bytes are blobs there too.</summary>
    public static async Task<TrackingHost> OnCosmosAsync(string account, string endpoint, string key, string database, TimeProvider time)
    {
        var options = new CosmosOptions { Endpoint = endpoint, Key = key, Database = database, Create = true, LimitToEndpoint = true, AnyCertificate = true };
        var client = CosmosClients.Create(options);
        await new CosmosContainers(client, options).PrepareAsync();
        return new TrackingHost(new CosmosDocumentStore(client, options, new CosmosMetrics()), account, time, client);
    }
}

/// <summary>Tests of the room on one kind of store: each test has an account of its own, on which hosts can be opened.</summary>
public abstract class TrackingTests : IDisposable
{
    private readonly List<IDisposable> _hosts = [];

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    protected abstract Task<TrackingHost> OpenHostAsync();

    public void Dispose()
    {
        _hosts.ForEach(host => host.Dispose());
        GC.SuppressFinalize(this);
    }

    protected async Task<TrackingHost> OpenAsync()
    {
        var host = await OpenHostAsync();
        _hosts.Add(host);
        return host;
    }

    protected static Task<Experiment> CreateExperimentAsync(TrackingHost host, string name = "bread") =>
        host.Experiments.CreateAsync(name, null, new Dictionary<string, string>());

    protected static async Task<Run> CreateRunAsync(TrackingHost host, string? experiment = null, string? name = null, long? start = null) =>
        await host.Runs.CreateAsync(new NewRun(experiment ?? ExperimentStore.DefaultId, name, "baker", start, new Dictionary<string, string>()));
}
