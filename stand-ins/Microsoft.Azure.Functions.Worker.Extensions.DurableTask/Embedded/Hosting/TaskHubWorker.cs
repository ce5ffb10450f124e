using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// This host's part in a task hub: it runs the hub while it has the lease, and otherwise stands by until the host that has it gives it back or dies.
/// All of the application's orchestrator and activity functions share it.
/// </summary>
internal sealed class TaskHubWorker(
    HubOptions options, HubStore store, DurableFunctions functions, FunctionHost host, TimeProvider clock, InstanceWatch watch, ILoggerFactory loggers) : IFunctionListener
{
    private static readonly TimeSpan standbyInterval = TimeSpan.FromSeconds(1);

    private readonly HubLog log = new(loggers.CreateLogger("Host.Triggers.DurableTask"));
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource impatient = new();
    private readonly Lock gate = new();
    private Task? running;
    private volatile Tenure? tenure;

    /// <summary>The hub, while this host runs it.</summary>
    public TaskHub? Hub => tenure?.Hub;

    /// <summary>Begins to run the hub, or to stand by. Returns at once, since storage may be out of reach for now.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (gate)
            running ??= Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Gives the hub up: nothing new is begun, activities that run may end, and what they give is stored.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await using var impatience = cancellationToken.Register(impatient.Cancel);
        if (running is not null)
            await running;
    }

    /// <summary>Whether no other host can have run the hub so far: what is stored now, whoever runs it next will find.</summary>
    public async Task<bool> IsSurelyHeldAsync(CancellationToken cancellationToken) =>
        tenure is { } current && await current.Lease.EnsureHeldAsync(cancellationToken);

    private async Task RunAsync()
    {
        var isStandingBy = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await store.CreateAsync(stopping.Token);
                await using var lease = await HubLease.TryAcquireAsync(store.Lock, holder => log.HolderDead(options.HubName, holder.Process.Id), stopping.Token);
                if (lease is not null)
                    await HoldAsync(lease);
                else if (!isStandingBy)
                    log.StandingBy(options.HubName);
                isStandingBy = lease is null;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                log.NotStarted(error, options.HubName);
            }

            await Task.Delay(standbyInterval, TimeProvider.System, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HoldAsync(HeldLease lease)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, lease.Lost);
        await using var hub = new TaskHub(options, store, functions, clock, watch, loggers, lease, host.Stopping);
        try
        {
            await hub.StartAsync(over.Token);
            tenure = new Tenure(hub, lease);
            await Task.Delay(Timeout.InfiniteTimeSpan, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (lease.Lost.IsCancellationRequested)
            {
                log.Lost(options.HubName);
                return;
            }

            using var end = CancellationTokenSource.CreateLinkedTokenSource(impatient.Token, lease.Lost);
            await hub.DrainAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            tenure = null;
        }
    }

    private sealed record Tenure(TaskHub Hub, HeldLease Lease);
}
