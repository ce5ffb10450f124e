using Larder.Testing;

namespace Larder.Functions.Tests.Hosting;

/// <summary>One Larder on one storage emulator, shared by the tests that only use its API. Each test takes model names of its own.</summary>
public sealed class LarderFixture : IAsyncLifetime
{
    private LarderProcess? _larder;

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>Its storage.</summary>
    public string Storage { get; private set; } = "";

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        Storage = await Azurite.AccountAsync();
        _larder = await LarderProcess.StartAsync(Storage);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }
}

/// <summary>The tests that share <see cref="LarderFixture"/>.</summary>
[CollectionDefinition(nameof(SharedLarder))]
public sealed class SharedLarder : ICollectionFixture<LarderFixture>;
