using Larder.Orchestrations.Schedules;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Schedules;

/// <summary>Starts the jobs of schedules whose time has come.</summary>
public sealed class RunSchedules(ScheduleRunner runner)
{
    /// <summary>Runs every ten seconds.</summary>
    [Function("RunSchedules")]
    public Task Run(
        [TimerTrigger("*/10 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        runner.RunAsync(client, cancellationToken);
}
