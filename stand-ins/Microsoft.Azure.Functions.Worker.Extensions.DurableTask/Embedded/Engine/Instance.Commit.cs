using Azure;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>How an instance gets from one stored state to the next.</summary>
internal sealed partial class Instance
{
    /// <summary>A tail of this size (bytes of JSON) goes into a blob of its own, so that turns write only what is new, and a little more.</summary>
    private const int LongestTail = 48 * 1024;

    private readonly Dictionary<int, IDisposable> timers = [];
    private readonly HashSet<int> started = [];
    private Dictionary<int, Decision> open = [];
    private IDisposable? startTimer;
    private ETag etag;
    private DateTime lastTime;
    private Task sending = Task.CompletedTask;

    private string Folder => BlobNames.DataOf(Document.Instance, Document.Execution, Document.Generation);

    private static Dictionary<int, Decision> FindOpen(InstanceDocument document, IReadOnlyList<Episode> history)
    {
        var found = new Dictionary<int, Decision>();
        if (document.IsFinal)
            return found;
        foreach (var episode in history)
        {
            foreach (var arrival in episode.Arrivals)
                if (arrival.Id is { } id)
                    found.Remove(id);
            foreach (var decision in episode.Decisions)
                if (decision.Kind != DecisionKind.Event)
                    found.Add(decision.Id, decision);
        }

        foreach (var arrival in document.Waiting)
            if (arrival.Id is { } id)
                found.Remove(id);
        return found;
    }

    private void Load(StoredInstance stored, IReadOnlyList<Episode> history)
    {
        (Document, etag) = (stored.Document, stored.ETag);
        open = FindOpen(Document, history);
        if (history.Count > 0 && history[^1].Time > lastTime)
            lastTime = history[^1].Time;
    }

    private async Task ReloadAsync(CancellationToken stop)
    {
        hub.Log.Reloading(Id);
        isWriting = false;
        await DropRunAsync();
        CancelTimers();
        if (await hub.LoadAsync(Id, stop) is not { } loaded)
        {
            // It has ended under another host, or is gone: then nothing that is left here matters.
            Leave();
            return;
        }

        Load(loaded.Stored, loaded.History);
        foreach (var decision in open.Values)
            Start(decision);
        sending = hub.Outbox.Send(this, Document.Outbox, sending);
    }

    // False when the document in storage is not the one that this host knows.
    private async Task<bool> TryCommitAsync(IReadOnlyList<Mail> mails, CancellationToken stop)
    {
        if (isGone)
            return true;
        var draft = new Draft(Document, open, hub.Clock.GetUtcNow());
        draft.Absorb(mails);
        if (!draft.IsChanged)
            return true;

        draft.Arrivals = await SpillAsync(Folder, draft.Arrivals, stop);
        TurnResult? turn = null;
        if (draft.Violation is { } sentence)
            draft.End(OrchestrationRuntimeStatus.Failed, null, FailureRecord.Of(new InvalidOperationException(sentence)));
        else if (draft.IsRunnable)
            turn = await RunTurnAsync(draft, stop);
        else
            draft.KeepArrivals();

        var next = Clean(draft, out var dropped, out var settled);
        isWriting = true;
        if (await hub.PersistAsync(token => hub.Store.Instances.WriteAsync(next, etag, token), stop) is not { } written)
            return false;
        isWriting = false;
        var previous = Document;
        lock (gate)
        {
            (Document, etag) = (next, written);
            forgotten.RemoveAll(settled.Contains);
            delivered.ExceptWith(dropped.Select(message => message.Id));
        }

        if (next.IsFinal || next.Generation != previous.Generation)
            await DropRunAsync();
        Follow(previous, draft, turn);
        foreach (var message in dropped)
            hub.Forget(message);
        return true;
    }

    // The document without what does not matter any more, and as it is written.
    private InstanceDocument Clean(Draft draft, out List<OutboxMessage> dropped, out HashSet<string> settled)
    {
        var document = draft.Document;
        lock (gate)
        {
            dropped = [.. document.Outbox.Where(message => delivered.Contains(message.Id) || IsAnswered(message))];
            settled = [.. forgotten];
        }

        var outbox = dropped.Count == 0 ? document.Outbox : [.. document.Outbox.Except(dropped)];
        var received = settled.Count == 0 ? document.Received : [.. document.Received.Except(settled)];
        return document with
        {
            Outbox = [.. outbox.Select(message => message with { Value = message.Value?.Reference })],
            Received = received,
            Waiting = [.. document.Waiting.Select(arrival => arrival with { Value = arrival.Value?.Reference })],
            Input = document.Input?.Reference,
            Output = document.Output?.Reference,
            CustomStatus = document.CustomStatus?.Reference,
            HasBlobs = document.HasBlobs || HasBlobs(document, draft.Arrivals),
            Updated = hub.Clock.GetUtcNow(),
            Commit = $"{Guid.NewGuid():N}",
        };

        // What was called has ended, so it was started: delivered once more, the start would start it again if it was purged meanwhile.
        bool IsAnswered(OutboxMessage message) => message is { Kind: OutboxKind.Start, Link: { } link } &&
            link.Generation == Document.Generation && draft.Answered.Contains(link.TaskId);
    }

    private static bool HasBlobs(InstanceDocument document, IReadOnlyList<Arrival> arrivals) =>
        document.Segments.Count > 0 || document.Output?.Blob is not null || document.CustomStatus?.Blob is not null || document.Input?.Blob is not null ||
        arrivals.Concat(document.Waiting).Any(arrival => arrival.Value?.Blob is not null) ||
        (document.Tail.Count > 0 && document.Tail[^1].Decisions.Any(decision => decision.Value?.Blob is not null));

    // What a turn's commit makes others see.
    private void Follow(InstanceDocument previous, Draft draft, TurnResult? turn)
    {
        foreach (var id in draft.Answered)
            Close(id);
        if (Document.IsFinal || Document.Generation != previous.Generation)
        {
            CancelTimers();
            open.Clear();
            started.Clear();
        }
        else if (turn is not null)
        {
            // What the code has cancelled is not waited for any more; only timers can be.
            foreach (var id in open.Values.Where(decision => decision.Kind == DecisionKind.Timer && !turn.OpenTasks.Contains(decision.Id)).Select(decision => decision.Id).ToList())
                Close(id);
            foreach (var decision in turn.Decisions)
            {
                if (decision.Kind == DecisionKind.Event || !turn.OpenTasks.Contains(decision.Id))
                    continue;
                open.Add(decision.Id, decision);
                Start(decision);
            }
        }

        if (Document.Outbox.Count > 0)
            sending = hub.Outbox.Send(this, [.. Document.Outbox.ExceptBy(previous.Outbox.Select(message => message.Id), message => message.Id)], sending);
        hub.Watch.Changed(Document);
        FinishIfDelivered();
        if (!Document.IsActive)
            Leave();
        else if (Document is { IsFinal: false, IsFresh: true } && Document.Generation != previous.Generation)
            Post(new Mail(new Nudge()));
    }

    private void Start(Decision decision)
    {
        var (execution, generation) = (Document.Execution, Document.Generation);
        switch (decision.Kind)
        {
            case DecisionKind.Activity when started.Add(decision.Id):
                hub.Activities.Enqueue(new ActivityWork(this, execution, generation, decision));
                break;
            case DecisionKind.Timer:
                var fired = new Answer(execution, generation, new Arrival(ArrivalKind.Fired, decision.Id));
                timers[decision.Id] = hub.Timers.Schedule(new DateTimeOffset(decision.FireAt!.Value, TimeSpan.Zero), () => Post(new Mail(fired)));
                break;
        }
    }

    private void Close(int id)
    {
        open.Remove(id);
        started.Remove(id);
        if (timers.Remove(id, out var timer))
            timer.Dispose();
    }

    private void CancelTimers()
    {
        startTimer?.Dispose();
        startTimer = null;
        foreach (var timer in timers.Values)
            timer.Dispose();
        timers.Clear();
    }
}
