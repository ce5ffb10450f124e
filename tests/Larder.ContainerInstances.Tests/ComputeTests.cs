using Azure.ResourceManager;
using Larder.Inference.Limits;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Jobs;
using Larder.Testing.Arm;
using Microsoft.Extensions.Time.Testing;

namespace Larder.ContainerInstances.Tests;

/// <summary>A server and a backend of each test's own.</summary>
public abstract class ComputeTests : IAsyncLifetime
{
    protected const string Job = "7zzr2x0k9ab3cdef";
    protected const string GroupName = $"larder-{Job}-1";
    protected const string Secret = "https://account.blob.core.windows.net/job?sig=s3cr3t-signature";

    protected static readonly ComputeId Id = new(Job, 1);

    protected ArmServer Server { get; private set; } = null!;

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected ContainerInstanceCompute Compute { get; private set; } = null!;

    /// <summary>The group of the task, which must be there.</summary>
    protected ArmContainerGroup Group => Server.Find(GroupName) ?? throw new InvalidOperationException("There is no group.");

    protected virtual ArmServerOptions ServerOptions => new() { Clock = Clock };

    public virtual async Task InitializeAsync()
    {
        Server = await ArmServer.StartAsync(ServerOptions);
        Compute = NewCompute();
    }

    public virtual Task DisposeAsync() => Server.DisposeAsync();

    protected static ComputeTask NewTask(ComputeResources? resources = null, params string[] command) => new()
    {
        Id = Id,
        Resources = resources ?? new ComputeResources(),
        Command = command.Length > 0 ? command : ["python3", "-c", "print('Ärger')"],
        SecureEnvironment = new Dictionary<string, string> { ["LARDER_BOOTSTRAP_URL"] = Secret, ["LARDER_JOB_URL"] = Secret + "2" },
        Timeout = TimeSpan.FromHours(1),
    };

    protected ContainerInstanceOptions NewOptions() => new()
    {
        SubscriptionId = Server.SubscriptionId,
        ResourceGroup = Server.ResourceGroup,
        Location = Server.Location,
        AllowedImages = "python:3.13, team.azurecr.io/trainer:7",
        PollInterval = TimeSpan.FromMilliseconds(5),
        ArmEndpoint = Server.Endpoint,
    };

    protected ArmClient NewClient(ContainerInstanceOptions? options = null, Action<ArmClientOptions>? change = null)
    {
        var client = new ArmClientOptions { Transport = Server.CreateTransport() };
        client.Retry.Delay = TimeSpan.FromMilliseconds(5);
        client.Retry.MaxDelay = TimeSpan.FromMilliseconds(10);
        change?.Invoke(client);
        return ContainerInstanceClient.Create(options ?? NewOptions(), Server.Credential, client);
    }

    /// <param name="change">Changes the options.</param>
    /// <param name="clock">Null for the test's own; deletions wait on it, so they need one that moves.</param>
    protected ContainerInstanceCompute NewCompute(Func<ContainerInstanceOptions, ContainerInstanceOptions>? change = null, TimeProvider? clock = null)
    {
        var options = change?.Invoke(NewOptions()) ?? NewOptions();
        new OrchestrationSettingsValidator().Check("Jobs:ContainerInstances", options);
        return new ContainerInstanceCompute(options, NewClient(options), clock ?? Clock);
    }

    protected Task<bool> StartAsync() => Compute.StartAsync(NewTask(), CancellationToken.None);

    protected Task<ComputeStatus> StatusAsync() => Compute.GetStatusAsync(Id, CancellationToken.None);

    protected int Count(string method, string pathEnd = GroupName) =>
        Server.Requests.Count(request => request.Method == method && request.Path.EndsWith(pathEnd, StringComparison.Ordinal));
}
