using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Arm;

namespace Larder.Functions.Tests.Training;

/// <summary>A Larder whose jobs are container instances of a Resource Manager in this process.</summary>
internal sealed class ContainerLarder : IAsyncDisposable
{
    private readonly string _storage;
    private LarderProcess _larder;

    private ContainerLarder(string storage, ArmServer azure, LarderProcess larder) => (_storage, Azure, _larder) = (storage, azure, larder);

    /// <summary>Its Resource Manager.</summary>
    public ArmServer Azure { get; }

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder.Client;

    /// <summary>What it has printed since it was last started.</summary>
    public string Log => _larder.Log;

    /// <summary>Starts one.</summary>
    /// <param name="runCommands">Whether containers run (<see cref="ArmServerOptions.RunCommands"/>), or the test moves them.</param>
    public static async Task<ContainerLarder> StartAsync(bool runCommands)
    {
        var storage = await Azurite.AccountAsync();
        var azure = await ArmServer.StartAsync(new ArmServerOptions { RunCommands = runCommands });
        return new ContainerLarder(storage, azure, await StartAsync(storage, azure));
    }

    /// <summary>Kills its host, and starts another one.</summary>
    public async Task ReplaceAsync()
    {
        await _larder.KillAsync();
        await _larder.DisposeAsync();
        _larder = await StartAsync(_storage, Azure);
    }

    /// <summary>The one container group, once it is there.</summary>
    public async Task<ArmContainerGroup> GroupAsync(string job)
    {
        await Eventually.TrueAsync(() => Task.FromResult(Azure.Find($"larder-{job}-1") is not null));
        return Azure.Find($"larder-{job}-1")!;
    }

    /// <summary>How often a container group of a job was asked for.</summary>
    public int CountOf(string method, string job) =>
        Azure.Requests.Count(request => request.Method == method && request.Path.Contains($"/larder-{job}-", StringComparison.Ordinal));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _larder.DisposeAsync();
        await Azure.DisposeAsync();
    }

    private static Task<LarderProcess> StartAsync(string storage, ArmServer azure) => LarderProcess.StartAsync(
        storage,
        [
            ("Jobs:Backend", "container-instances"),
            ("Jobs:ContainerInstances:SubscriptionId", azure.SubscriptionId),
            ("Jobs:ContainerInstances:ResourceGroup", azure.ResourceGroup),
            ("Jobs:ContainerInstances:Location", azure.Location),
            ("Jobs:ContainerInstances:AllowedImages", "team.azurecr.io/trainer:7"),
            ("Jobs:ContainerInstances:PollInterval", "00:00:00.05"),
            ("Jobs:ContainerInstances:ArmEndpoint", azure.Endpoint.AbsoluteUri),
            .. azure.Environment.Select(variable => (variable.Key, variable.Value)),
        ]);
}
