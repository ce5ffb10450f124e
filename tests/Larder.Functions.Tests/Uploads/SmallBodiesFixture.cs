using Azure.Storage.Blobs;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Ingestion;
using Larder.Registry.Ingestion;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Uploads;

/// <summary>One Larder that takes bodies of two megabytes at most, and looks for drops often. Each test has model names of its own.</summary>
public sealed class SmallBodiesFixture : IAsyncLifetime
{
    private string _storage = "";
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <summary>Its container <c>uploads</c>.</summary>
    public BlobContainerClient Uploads => BlobClients.Create(_storage).GetBlobContainerClient(BlobDatasets.Uploads);

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _storage = await Azurite.AccountAsync();
        await Drops.CreateContainerAsync(_storage);
        // Room for a form's other fields is a megabyte.
        _larder = await LarderProcess.StartAsync(_storage, Drops.Often, ("Limits:ModelBytes", "1000000"), ("Jobs:Process:MaxConcurrent", "2"));
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }
}

/// <summary>The tests that share <see cref="SmallBodiesFixture"/>.</summary>
[CollectionDefinition(nameof(SharedSmallBodies))]
public sealed class SharedSmallBodies : ICollectionFixture<SmallBodiesFixture>;
