using Larder.Testing;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests.Parity;

/// <summary>The answers of both hosts to all requests, each host on a storage account of its own.</summary>
public sealed class ParityFixture : IAsyncLifetime
{
    private IReadOnlyDictionary<string, Answer> _published = new Dictionary<string, Answer>();
    private IReadOnlyDictionary<string, Answer> _selfHosted = new Dictionary<string, Answer>();

    /// <summary>What the published app answered under the tests' Functions host.</summary>
    internal Answer Published(string name) => _published[name];

    /// <summary>What the self-host answered.</summary>
    internal Answer SelfHosted(string name) => _selfHosted[name];

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        var app = await PublishedApp.FolderAsync();
        await using var azurite = await Azurite.StartAsync();

        var published = await PublishedAsync(app, azurite.NewAccount(), Exchanges.All);
        var publishedRoles = await PublishedAsync(app, azurite.NewAccount(), Exchanges.OfRoles, Roles.Settings());
        var selfHosted = await SelfHostedAsync(azurite.NewAccount(), Exchanges.All);
        var selfHostedRoles = await SelfHostedAsync(azurite.NewAccount(), Exchanges.OfRoles, Roles.Settings());
        _published = published.Concat(publishedRoles).ToDictionary();
        _selfHosted = selfHosted.Concat(selfHostedRoles).ToDictionary();
    }

    /// <inheritdoc />
    public Task DisposeAsync() => Task.CompletedTask;

    private static async Task<IReadOnlyDictionary<string, Answer>> PublishedAsync(
        string app, string storage, IEnumerable<Exchange> exchanges, params (string, string)[] settings)
    {
        await using var host = await WorkerHost.StartAsync(app, storage, settings);
        using var client = host.CreateClient();
        return await Conversation.HoldAsync(client, exchanges);
    }

    private static async Task<IReadOnlyDictionary<string, Answer>> SelfHostedAsync(string storage, IEnumerable<Exchange> exchanges, params (string, string)[] settings)
    {
        await using var host = await SelfHost.StartAsync(storage, settings);
        return await Conversation.HoldAsync(host.Client, exchanges);
    }
}
