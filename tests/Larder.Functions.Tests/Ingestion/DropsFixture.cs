using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Ingestion;

/// <summary>One Larder that looks for drops often, on a storage of its own. Each test has model names of its own.</summary>
public sealed class DropsFixture : IAsyncLifetime
{
    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <summary>Its storage.</summary>
    public string Storage => _azurite!.ConnectionString;

    /// <summary>Its local disk.</summary>
    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"larder-drops-{Guid.NewGuid():N}");

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        await Drops.CreateContainerAsync(Storage);
        _larder = await LarderProcess.StartAsync(
            Storage, Drops.Often, ("LocalFolder", Folder), ("Ingestion:QuietPeriod", "00:00:03"), ("Limits:Archive:ExpandedBytes", "67108864"));
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Drops a blob.</summary>
    public Task DropAsync(string path, byte[] content) => Drops.DropAsync(Storage, path, content);

    /// <summary>Drops a blob, and waits for what became of it.</summary>
    public async Task<JsonNode> DropToEndAsync(string path, byte[] content)
    {
        await DropAsync(path, content);
        return await ResultAsync(path);
    }

    /// <summary>Waits for what became of a drop.</summary>
    public Task<JsonNode> ResultAsync(string path) => Drops.ResultAsync(Storage, path, () => Log);

    /// <summary>A blob of any container.</summary>
    public BlobClient Blob(string container, string path) => BlobClients.Create(Storage).GetBlobContainerClient(container).GetBlobClient(path);
}

/// <summary>The tests that share <see cref="DropsFixture"/>.</summary>
[CollectionDefinition(nameof(SharedDrops))]
public sealed class SharedDrops : ICollectionFixture<DropsFixture>;
