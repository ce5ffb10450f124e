using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker.Shims;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>The history of an instance that has ended, and what an orchestrator makes of it.</summary>
internal sealed class History(string orchestrator, IReadOnlyList<JObject> events)
{
    // Of events that are no decision.
    private const int NoId = -1;

    private static readonly JsonSerializer Json = new()
    {
        ConstructorHandling = ConstructorHandling.AllowNonPublicDefaultConstructor,
        NullValueHandling = NullValueHandling.Ignore,
        DateTimeZoneHandling = DateTimeZoneHandling.Utc,
    };

    /// <summary>The orchestrator that made it.</summary>
    public string Orchestrator => orchestrator;

    /// <summary>Its events as JSON; the last two are the end and the end of its turn.</summary>
    public IReadOnlyList<JObject> Events => events;

    public static History Of(string orchestrator, IEnumerable<HistoryEvent> events) => new(orchestrator, [.. events.Select(ToJson)]);

    public static History Read(string path) =>
        new(Path.GetFileName(Path.GetDirectoryName(path)!), [.. File.ReadLines(path).Where(line => line.Length > 1).Select(line => JObject.Parse(line.TrimEnd(',')))]);

    /// <summary>Writes it: a JSON array, with an event in each line.</summary>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"[\n{string.Join(",\n", events.Select(e => e.ToString(Formatting.None)))}\n]\n");
    }

    /// <summary>Runs an orchestrator over what has happened to an instance so far, as the official engine does at each of its turns.</summary>
    public static IReadOnlyList<OrchestratorAction> Execute(string name, ITaskOrchestrator orchestrator, OrchestrationRuntimeState state)
    {
        var shim = DurableTaskShimFactory.Default.CreateOrchestration(name, orchestrator, parent: null);
        var executor = new TaskOrchestrationExecutor(
            state, shim, BehaviorOnContinueAsNew.Carryover, entityParameters: null, ErrorPropagationMode.UseFailureDetails);
        return [.. executor.Execute().Actions];
    }

    /// <summary>Replays it against an orchestrator, which may be newer than it.</summary>
    /// <returns>What the orchestrator does otherwise; null when it comes to the same end by the same calls.</returns>
    public string? Difference(ITaskOrchestrator code)
    {
        var end = (ExecutionCompletedEvent)ToEvent(events[^2]);
        var state = new OrchestrationRuntimeState([.. events.SkipLast(2).Select(ToEvent)]);
        var actions = Execute(orchestrator, code, state);
        return actions switch
        {
            [OrchestrationCompleteOrchestratorAction { FailureDetails: { } failure }] when failure.ErrorMessage != end.FailureDetails?.ErrorMessage =>
                $"It fails: {failure.ErrorMessage}",
            [OrchestrationCompleteOrchestratorAction completion] when completion.OrchestrationStatus == end.OrchestrationStatus => null,
            [OrchestrationCompleteOrchestratorAction completion] => $"It ends as {completion.OrchestrationStatus}, and was {end.OrchestrationStatus}.",
            [] => "It has not come to its end.",
            _ => $"It goes on, with {string.Join(", ", actions.Select(action => (action as ScheduleTaskOrchestratorAction)?.Name ?? $"{action.OrchestratorActionType}"))}.",
        };
    }

    private static JObject ToJson(HistoryEvent happened)
    {
        var json = JObject.FromObject(happened, Json);
        foreach (var name in Needless(happened))
            json.Remove(name);
        json.AddFirst(new JProperty(nameof(HistoryEvent.EventType), happened.EventType.ToString()));
        return json;
    }

    private static IEnumerable<string> Needless(HistoryEvent happened)
    {
        yield return nameof(HistoryEvent.EventType);
        yield return nameof(HistoryEvent.IsPlayed);
        if (happened.EventId == NoId)
            yield return nameof(HistoryEvent.EventId);
        // The time of a turn is what its orchestrator sees; that of the other events plays no part.
        if (happened is not OrchestratorStartedEvent)
            yield return nameof(HistoryEvent.Timestamp);
    }

    private static HistoryEvent ToEvent(JObject json)
    {
        if (json[nameof(HistoryEvent.EventId)] is null)
            json = new JObject(json) { [nameof(HistoryEvent.EventId)] = NoId };
        var type = typeof(HistoryEvent).Assembly.GetType($"{typeof(HistoryEvent).Namespace}.{(string?)json[nameof(HistoryEvent.EventType)]}Event", throwOnError: true)!;
        return (HistoryEvent)json.ToObject(type, Json)!;
    }
}
