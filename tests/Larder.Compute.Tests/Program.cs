using Larder.Compute.Tests;
using Larder.Orchestrations;
using Microsoft.Extensions.Logging.Abstractions;

// The host that HostKillTests kills: it starts a task in a folder and lives on.
var options = new ProcessComputeOptions { Folder = args[0], RunsInAzure = false };
using var compute = new ProcessCompute(options, TimeProvider.System, NullLogger<ProcessCompute>.Instance);
await compute.StartAsync(Backend.TaskOf(args[1]), default);
Console.WriteLine("started");
await Task.Delay(Timeout.InfiniteTimeSpan);
