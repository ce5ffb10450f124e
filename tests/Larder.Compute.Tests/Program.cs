using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Microsoft.Extensions.Logging.Abstractions;

// The host that tests kill: it starts a task in a folder and lives on. With storage it is one of several servers, and renews its lease.
if (args is [var folder, var script])
{
    var options = new ProcessComputeOptions { Folder = folder, RunsInAzure = false };
    using var compute = new ProcessCompute(options, TimeProvider.System, NullLogger<ProcessCompute>.Instance);
    await compute.StartAsync(Backend.TaskOf(script), default);
    Console.WriteLine("started");
    await Task.Delay(Timeout.InfiniteTimeSpan);
}
else if (args is [var own, var program, var account, var job, var ttl])
{
    await using var server = new LeasedServer(account, TimeProvider.System, own, new ProcessComputeOptions { LeaseTtl = TimeSpan.Parse(ttl) });
    await server.StartAsync(new ComputeId(job, 1), program);
    Console.WriteLine("started");
    for (; ; await Task.Delay(TimeSpan.FromSeconds(0.2)))
        await server.Compute.RenewAsync(default);
}
