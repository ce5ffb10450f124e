using System.Text.Json.Nodes;
using DurableTask.Core;
using DurableTask.Core.History;
using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Training;
using Larder.Orchestrations.Tests.Uploads;
using Microsoft.DurableTask.Testing.Sidecar;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>What rehearsals record is what the official engine records.</summary>
public sealed class OfficialEngineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_official_engine_makes_of_retries_and_a_success_the_history_that_is_recorded()
    {
        var tries = 0;
        var service = new InMemoryOrchestrationService(NullLoggerFactory.Instance);
        using var worker = new TaskHubWorker(service, NullLoggerFactory.Instance) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        worker.AddTaskOrchestrations(new Creator<TaskOrchestration>(
            OrchestrationNames.ReceiveUpload,
            name => DurableTaskShimFactory.Default.CreateOrchestration(name, Orchestrators.All[name], parent: null)));
        Add<string, string?>(ActivityNames.StageUpload, () => null);
        Add<string, ValidateIngestedModel.Result>(
            ActivityNames.CheckArrival, () => ++tries <= 2 ? throw new IOException("The disk is gone.") : new ValidateIngestedModel.Result(Models.Prepared("a")));
        Add<RegisterIngestedModel.Input, RegisterIngestedModel.Result>(ActivityNames.RegisterArrival, () => new RegisterIngestedModel.Result(7, "The alias x did not move."));
        Add<string, object?>(ActivityNames.ReleaseUpload, () => null);
        Add<JobResult, object?>(ActivityNames.EndJob, () => null);
        var state = new OrchestrationRuntimeState();
        worker.AddOrchestrationDispatcherMiddleware((context, next) =>
        {
            state = context.GetProperty<OrchestrationRuntimeState>();
            return next();
        });

        await worker.StartAsync();
        try
        {
            var client = new TaskHubClient(service);
            var instance = await client.CreateOrchestrationInstanceAsync(OrchestrationNames.ReceiveUpload, "", Rehearsal.Job);
            var ended = await client.WaitForOrchestrationAsync(instance, Limit);
            Assert.Equal(OrchestrationStatus.Completed, ended.OrchestrationStatus);
        }
        finally
        {
            await worker.StopAsync(isForced: true);
        }

        var recorded = Histories.Read(
            Path.Combine(OrchestrationNames.ReceiveUpload, $"{nameof(ReceiveUploadTests.What_the_server_can_do_at_another_try_is_no_failure)}.json"));
        Assert.Equal(Shapes(recorded), Shapes(History.Of(OrchestrationNames.ReceiveUpload, state.Events)));

        void Add<TInput, TOutput>(string activity, Func<TOutput> answer) => worker.AddTaskActivities(new Creator<TaskActivity>(
            activity, name => DurableTaskShimFactory.Default.CreateActivity<TInput, TOutput>(name, (_, _) => Task.FromResult<TOutput?>(answer()))));
    }

    /// <summary>Which activities and timers, in which order, with which numbers and answers. Times, and how events are spread over turns, are chance.</summary>
    private static IEnumerable<string> Shapes(History history) =>
        from happened in history.Events
        let type = (string?)happened[nameof(HistoryEvent.EventType)]
        where type is not (nameof(EventType.OrchestratorStarted) or nameof(EventType.OrchestratorCompleted))
        let parts = new[]
        {
            nameof(HistoryEvent.EventId), nameof(TaskScheduledEvent.Name), nameof(TaskScheduledEvent.Input), nameof(TimerFiredEvent.TimerId),
            nameof(TaskCompletedEvent.TaskScheduledId), nameof(TaskCompletedEvent.Result), nameof(ExecutionCompletedEvent.OrchestrationStatus),
        }
        select $"{type} {string.Join(' ', parts.Select(part => WithoutEmpty($"{happened[part]}")))}";

    // A member that a later release has added is empty here.
    private static string WithoutEmpty(string text)
    {
        if (!text.StartsWith('{'))
            return text;
        var node = JsonNode.Parse(text)!;
        Remove(node);
        return node.ToJsonString();

        static void Remove(JsonNode? node)
        {
            if (node is not JsonObject members)
                return;
            foreach (var name in members.Where(member => member.Value is JsonArray { Count: 0 } or JsonObject { Count: 0 }).Select(member => member.Key).ToList())
                members.Remove(name);
            foreach (var member in members)
                Remove(member.Value);
        }
    }

    private sealed class Creator<T> : ObjectCreator<T>
    {
        private readonly Func<string, T> _make;

        public Creator(string name, Func<string, T> make)
        {
            (Name, Version) = (name, "");
            _make = make;
        }

        public override T Create() => _make(Name);
    }
}
