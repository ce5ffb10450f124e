using Larder.Testing;

namespace Larder.Host.Tests.Durable.Support;

/// <summary>One host, with the functions of one class, for all tests of a class: instances do not disturb each other.</summary>
/// <typeparam name="TFunctions">The class.</typeparam>
public sealed class HostFixture<TFunctions> : IAsyncLifetime
{
    public Azurite Azurite { get; } = new();

    internal DurableHost Host { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Azurite.InitializeAsync();
        Host = await DurableHost.StartAsync(Azurite.ConnectionString, DurableHost.NewHubName(), [typeof(TFunctions)]);
    }

    public async Task DisposeAsync()
    {
        if (Host is not null)
            await Host.DisposeAsync();
        await Azurite.DisposeAsync();
    }
}
