using Larder.Testing;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests;

/// <summary>One published app under one small host, shared by tests that take model names of their own.</summary>
public sealed class WorkerFixture : IAsyncLifetime
{
    private Azurite? _azurite;
    private HttpClient? _client;

    /// <summary>The host.</summary>
    internal WorkerHost Host { get; private set; } = null!;

    /// <summary>A caller.</summary>
    internal HttpClient Client => _client!;

    /// <summary>The storage of app and host.</summary>
    internal string Storage => _azurite!.ConnectionString;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        Host = await WorkerHost.StartAsync(await PublishedApp.FolderAsync(), Storage);
        _client = Host.CreateClient();
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        _client?.Dispose();
        if (Host is not null)
            await Host.DisposeAsync();
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }
}

/// <summary>The tests that share <see cref="WorkerFixture"/>.</summary>
[CollectionDefinition(nameof(SharedWorker))]
public sealed class SharedWorker : ICollectionFixture<WorkerFixture>;
