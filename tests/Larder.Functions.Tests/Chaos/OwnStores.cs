using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Chaos;

/// <summary>What servers of one test keep everything in: an Azurite of its own, and a Cosmos DB server for the documents where the test is about that store.</summary>
internal sealed class OwnStores : IAsyncDisposable
{
    private readonly Azurite _azurite;
    private readonly CosmosServer? _cosmos;
    private readonly (string Name, string Value)[] _settings;

    private OwnStores(Azurite azurite, CosmosServer? cosmos) =>
        (_azurite, _cosmos, _settings) = (azurite, cosmos, cosmos?.Settings(cosmos.NewDatabase()) ?? [("Store:Kind", "blobs")]);

    /// <summary>Starts empty ones.</summary>
    /// <param name="kind">The store of documents: <c>blobs</c> or <c>cosmos</c>.</param>
    public static async Task<OwnStores> StartAsync(string kind) => new(await Azurite.StartAsync(), kind == "cosmos" ? await CosmosServer.StartAsync() : null);

    /// <summary>Starts a server on them, which finds what the ones before it have stored.</summary>
    /// <param name="settings">Further settings.</param>
    public Task<LarderProcess> StartLarderAsync(params (string Name, string Value)[] settings) => LarderProcess.StartAsync(_azurite.ConnectionString, [.. _settings, .. settings]);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_cosmos is not null)
            await ((IAsyncDisposable)_cosmos).DisposeAsync();
        await ((IAsyncDisposable)_azurite).DisposeAsync();
    }
}
