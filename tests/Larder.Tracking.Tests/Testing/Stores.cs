using Larder.Registry.GarbageCollection;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Testing;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
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
public sealed class CosmosCollection : ICollectionFixture<CosmosServer>
{
    public const string Name = "Cosmos";
}

/// <summary>One host: the stores of the room on a document store.</summary>
public sealed class TrackingHost : IDisposable
{
    public TrackingHost(IDocumentStore documents, TimeProvider time, IDisposable? owned = null)
    {
        Documents = documents;
        Experiments = new ExperimentStore(documents, time);
        Runs = new RunStore(documents, Experiments, time);
        Collector = new TrackingGarbageCollector(Experiments, Runs, new RetentionOptions { Deleted = TimeSpan.FromDays(30) });
        _owned = owned;
    }

    private readonly IDisposable? _owned;

    public IDocumentStore Documents { get; }

    public ExperimentStore Experiments { get; }

    public RunStore Runs { get; }

    public TrackingGarbageCollector Collector { get; }

    public void Dispose()
    {
        Runs.Dispose();
        _owned?.Dispose();
    }

    /// <summary>On blobs.</summary>
    public static TrackingHost OnBlobs(string connectionString, TimeProvider time) => new(new BlobDocumentStore(BlobClients.Create(connectionString)), time);

    /// <summary>On Cosmos DB, whose containers are made when they are missing.</summary>
    public static async Task<TrackingHost> OnCosmosAsync(string endpoint, string key, string database, TimeProvider time)
    {
        var options = new CosmosOptions { Endpoint = endpoint, Key = key, Database = database, Create = true, LimitToEndpoint = true, AnyCertificate = true };
        var client = CosmosClients.Create(options);
        await new CosmosContainers(client, options).PrepareAsync();
        return new TrackingHost(new CosmosDocumentStore(client, options, new CosmosMetrics()), time, client);
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
