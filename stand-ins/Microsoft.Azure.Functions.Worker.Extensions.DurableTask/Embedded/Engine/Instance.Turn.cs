using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>How an instance's code runs.</summary>
internal sealed partial class Instance
{
    /// <summary>
    /// With so many events in its history, an instance's code is kept in memory between turns. Before, it is run again from the start each time: that
    /// is cheap then, and finds out code that does not do again what it did while its developer is still looking.
    /// </summary>
    private const int EventsBeforeKept = 256;

    private OrchestrationRun? run;

    private async Task<TurnResult> RunTurnAsync(Draft draft, CancellationToken stop)
    {
        var document = draft.Document;
        IReadOnlyList<Arrival> arrivals = [.. await LoadAsync(document.Waiting, stop), .. draft.Arrivals];
        if (document.IsFresh)
            arrivals = [new Arrival(ArrivalKind.Started), .. arrivals];
        var time = TimeOf(arrivals);
        var turn = await PlayAsync(document, time, arrivals, stop);
        lastTime = time;
        turn = turn with { Decisions = await SpillAsync(turn.Decisions, stop) };

        draft.Document = document with { Waiting = [] };
        if (turn.HasCustomStatus)
            draft.Document = draft.Document with { CustomStatus = await SpillAsync(Folder, Payload.Of(turn.CustomStatus), stop) };
        await AddEpisodeAsync(draft, new Episode(time, Stored(arrivals), Stored(turn.Decisions)), stop);
        draft.Document = draft.Document with { Outbox = [.. draft.Document.Outbox, .. turn.Decisions.Select(decision => MessageFor(draft, decision)).OfType<OutboxMessage>()] };
        switch (turn.Kind)
        {
            case TurnKind.Completed:
                draft.End(OrchestrationRuntimeStatus.Completed, await SpillAsync(Folder, Payload.Of(turn.Value), stop), null);
                break;
            case TurnKind.Failed:
                draft.End(OrchestrationRuntimeStatus.Failed, null, FailureRecord.Of(turn.Error!));
                break;
            case TurnKind.ContinuedAsNew:
                await BeginAnewAsync(draft, turn, stop);
                break;
            default:
                draft.Document = draft.Document with { Status = OrchestrationRuntimeStatus.Running };
                break;
        }

        return turn;
    }

    // Time goes on, and never back, whatever the clock does; and a timer that has fired is past.
    private DateTime TimeOf(IReadOnlyList<Arrival> arrivals)
    {
        var time = hub.Clock.GetUtcNow().UtcDateTime;
        if (lastTime > time)
            time = lastTime;
        foreach (var arrival in arrivals)
            if (arrival.Kind == ArrivalKind.Fired && open.TryGetValue(arrival.Id!.Value, out var timer) && timer.FireAt > time)
                time = timer.FireAt.Value;
        return time;
    }

    private async Task<TurnResult> PlayAsync(InstanceDocument document, DateTime time, IReadOnlyList<Arrival> arrivals, CancellationToken stop)
    {
        var isKept = hub.Options.KeepsRuns || document.HasBlobs || document.Tail.Sum(episode => episode.EventCount) >= EventsBeforeKept;
        IReadOnlyList<Episode> history = [];
        if (run is null)
        {
            history = document.Tail;
            if (document.HasBlobs)
            {
                var all = await hub.PersistAsync(async token => await hub.LoadHistoryAsync(document, token), stop);
                history = await hub.PersistAsync(token => hub.Store.Data.LoadAsync(all, token), stop);
            }

            var input = document.Input is null ? null : await hub.PersistAsync(token => hub.Store.Data.LoadAsync(document.Input, token), stop);
            var parent = document.Parent is { } link ? new ParentOrchestrationInstance(link.Name, link.Instance) : null;
            run = new OrchestrationRun(
                new OrchestrationIdentity(document.Name, Id, document.Execution, document.Generation, document.Version, parent, input?.Text), hub.Loggers, OnForeign);
        }

        var turn = new OrchestrationTurn(run, history, time, arrivals, isKept);
        try
        {
            return await hub.Functions.RunAsync(turn, stop);
        }
        finally
        {
            if (!isKept)
                await DropRunAsync();
        }
    }

    private void OnForeign(OrchestrationRun source)
    {
        // While the host stops, tokens are signalled from anywhere; what that does to code is not the code's fault.
        if (!hub.IsStopping)
            Post(new Mail(new Violation(source.Identity.Execution, source.Identity.Generation, source.ForeignSentence)));
    }

    private async Task AddEpisodeAsync(Draft draft, Episode episode, CancellationToken stop)
    {
        IReadOnlyList<Episode> tail = [.. draft.Document.Tail, episode];
        if (tail.Sum(part => part.Json.Length) <= LongestTail)
        {
            draft.Document = draft.Document with { Tail = tail };
            return;
        }

        var segment = await hub.PersistAsync(token => hub.Store.Data.WriteSegmentAsync(Folder, tail, token), stop);
        draft.Document = draft.Document with { Segments = [.. draft.Document.Segments, segment], Tail = [] };
    }

    private async Task BeginAnewAsync(Draft draft, TurnResult turn, CancellationToken stop)
    {
        var old = draft.Document;
        var folder = BlobNames.DataOf(old.Instance, old.Execution, old.Generation + 1);
        var input = await SpillAsync(folder, Payload.Of(turn.Value), stop);

        // The old generation's blobs go, so events that are kept need blobs of the new one.
        var kept = turn.KeptEvents.Select(arrival => arrival with { Value = Payload.Of(arrival.Value?.Text) });
        IReadOnlyList<Arrival> waiting = await SpillAsync(folder, [.. kept], stop);
        var custom = old.CustomStatus is { Blob: not null } status ? await MoveAsync(folder, status, stop) : old.CustomStatus;
        var hadBlobs = old.HasBlobs || HasBlobs(old, draft.Arrivals);
        draft.Document = old with
        {
            Status = OrchestrationRuntimeStatus.Running,
            Generation = old.Generation + 1,
            Version = turn.NewVersion ?? old.Version,
            Input = input,
            CustomStatus = custom,
            Segments = [],
            Tail = [],
            Waiting = waiting,
            HasBlobs = false,
            Outbox = hadBlobs ? [.. old.Outbox, new OutboxMessage(draft.MessageId("sweep"), OutboxKind.Sweep, Folder)] : old.Outbox,
        };
        draft.Arrivals = [];
    }

    private OutboxMessage? MessageFor(Draft draft, Decision decision) => decision.Kind switch
    {
        DecisionKind.Orchestration => new OutboxMessage(
            draft.MessageId(decision.Id),
            OutboxKind.Start,
            decision.Instance!,
            decision.Name,
            decision.Value,
            Version: decision.Version,
            Link: new ParentLink(Document.Name, Id, Document.Execution, Document.Generation, decision.Id)),
        DecisionKind.Event => new OutboxMessage(draft.MessageId(decision.Id), OutboxKind.Event, decision.Instance!, decision.Name, decision.Value),
        _ => null,
    };

    private async Task<Payload?> SpillAsync(string folder, Payload? payload, CancellationToken stop) => payload is { MustSpill: true }
        ? await hub.PersistAsync(token => hub.Store.Data.SpillAsync(folder, payload, token), stop)
        : payload;

    private async Task<IReadOnlyList<Arrival>> SpillAsync(string folder, IReadOnlyList<Arrival> arrivals, CancellationToken stop) =>
        arrivals.Any(arrival => arrival.Value is { MustSpill: true })
            ? await Task.WhenAll(arrivals.Select(async arrival => arrival with { Value = await SpillAsync(folder, arrival.Value, stop) }))
            : arrivals;

    private async Task<IReadOnlyList<Decision>> SpillAsync(IReadOnlyList<Decision> decisions, CancellationToken stop) =>
        decisions.Any(decision => decision.Value is { MustSpill: true })
            ? await Task.WhenAll(decisions.Select(async decision => decision with { Value = (await SpillAsync(Folder, decision.Value, stop))?.Reference }))
            : decisions;

    private async Task<IReadOnlyList<Arrival>> LoadAsync(IReadOnlyList<Arrival> arrivals, CancellationToken stop) =>
        arrivals.Any(arrival => arrival.Value is { Text: null, Blob: not null })
            ? await Task.WhenAll(arrivals.Select(async arrival => arrival.Value is { } value
                ? arrival with { Value = await hub.PersistAsync(token => hub.Store.Data.LoadAsync(value, token), stop) }
                : arrival))
            : arrivals;

    private async Task<Payload?> MoveAsync(string folder, Payload payload, CancellationToken stop)
    {
        var loaded = await hub.PersistAsync(token => hub.Store.Data.LoadAsync(payload, token), stop);
        return await SpillAsync(folder, Payload.Of(loaded.Text), stop);
    }

    private static IReadOnlyList<Arrival> Stored(IReadOnlyList<Arrival> arrivals) =>
        [.. arrivals.Select(arrival => arrival.Value?.Blob is null ? arrival : arrival with { Value = arrival.Value.Reference })];

    private static IReadOnlyList<Decision> Stored(IReadOnlyList<Decision> decisions) =>
        [.. decisions.Select(decision => decision.Value?.Blob is null ? decision : decision with { Value = decision.Value.Reference })];

    private ValueTask DropRunAsync()
    {
        var dropped = run;
        run = null;
        return dropped?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
