using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Cosmos;

/// <summary>One Larder with its documents in Cosmos DB, whatever <c>LARDER_TEST_STORE</c> says.</summary>
public sealed class CosmosLarderFixture : IAsyncLifetime
{
    private CosmosServer? _server;
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _server = await CosmosServer.StartAsync();
        _larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), _server.Settings(_server.NewDatabase()));
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
