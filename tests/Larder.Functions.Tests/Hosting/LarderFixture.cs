using Larder.Testing;

namespace Larder.Functions.Tests.Hosting;

/// <summary>One Larder on one storage emulator, shared by the tests that only use its API. Each test takes model names of its own.</summary>
public sealed class LarderFixture : IAsyncLifetime
{
    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>Its storage.</summary>
    public string Storage => _azurite!.ConnectionString;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(_azurite.ConnectionString);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }
}

/// <summary>The tests that share <see cref="LarderFixture"/>.</summary>
[CollectionDefinition(nameof(SharedLarder))]
public sealed class SharedLarder : ICollectionFixture<LarderFixture>;
