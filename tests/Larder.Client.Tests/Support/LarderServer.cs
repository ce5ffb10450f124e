using System.Security.Cryptography;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Client.Tests.Support;

/// <summary>A real self-host on a real Azurite, in a process of its own, which asks for a token. All tests share it: each has models of its own.</summary>
public sealed class LarderServer : IAsyncLifetime
{
    /// <summary>A token with the role admin.</summary>
    public const string Token = "tests-of-the-client";

    /// <summary>Small, so that a small file has several blocks.</summary>
    public const int BlockBytes = 64 * 1024;

    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>Talks to it, without repetitions.</summary>
    public LarderClient Client { get; private set; } = null!;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(
            _azurite.ConnectionString, ("Access:AdminTokenSha256", Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))), ("Uploads:BlockBytes", $"{BlockBytes}"));
        Address = _larder.Client.BaseAddress!;
        Client = new LarderClient(Address, new LarderClientOptions { Token = Token, Retries = 0 });
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        Client?.Dispose();
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await _azurite.DisposeAsync();
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class ServerTests : ICollectionFixture<LarderServer>
{
    public const string Name = "server";
}
