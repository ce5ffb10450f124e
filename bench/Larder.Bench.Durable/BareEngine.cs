using DurableTask.AzureStorage;
using DurableTask.Core;
using Larder.Host.Durable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Bench.Durable;

/// <summary>The official provider and the official worker with nothing around them: an orchestration and an activity as DurableTask.Core has them.</summary>
internal sealed class BareEngine : IEngine
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly AzureStorageOrchestrationService _service;
    private readonly TaskHubWorker _worker;

    private BareEngine(AzureStorageOrchestrationService service)
    {
        _service = service;
        _worker = new TaskHubWorker(service, NullLoggerFactory.Instance) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _worker.AddTaskOrchestrations(typeof(Chain)).AddTaskActivities(new Step());
    }

    /// <summary>Starts it with the settings that the self-host gives the provider.</summary>
    public static async Task<BareEngine> StartAsync(string connection, string hub)
    {
        var storage = DurableStorage.From(new ConfigurationBuilder().AddInMemoryCollection([new("AzureWebJobsStorage", connection)]).Build());
        var engine = new BareEngine(new(new DurableOptions().ToSettings(hub, storage, $"{Guid.NewGuid():N}", NullLoggerFactory.Instance)));
        await engine._service.CreateIfNotExistsAsync();
        await engine._worker.StartAsync();
        return engine;
    }

    // The end is looked for as the self-host's client does it.
    public async Task<Run> RunAsync(int steps)
    {
        var instance = await new TaskHubClient(_service).CreateOrchestrationInstanceAsync(typeof(Chain), steps);
        for (var pause = FirstLook; ; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            var state = (await _service.GetOrchestrationStateAsync(instance.InstanceId, allExecutions: false))[0];
            if (state.OrchestrationStatus == OrchestrationStatus.Completed)
                return new Run(state.CreatedTime, state.LastUpdatedTime);
            if (state.OrchestrationStatus is not (OrchestrationStatus.Pending or OrchestrationStatus.Running))
                throw new InvalidOperationException($"The orchestration {instance.InstanceId} is {state.OrchestrationStatus}.");
            await Task.Delay(pause);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync();
        _worker.Dispose();
        _service.Dispose();
    }

    private sealed class Chain : TaskOrchestration<int, int>
    {
        public override async Task<int> RunTask(OrchestrationContext context, int count)
        {
            for (var i = 0; i < count; i++)
                await context.ScheduleTask<int>(typeof(Step), i);
            return count;
        }
    }

    private sealed class Step : TaskActivity<int, int>
    {
        protected override int Execute(TaskContext context, int number) => number;
    }
}
