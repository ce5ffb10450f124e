using DurableTask.Core.Exceptions;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// An orchestrator's code in execution: begun, run again through the history that there is, then through turns of new things. It can be kept from one
/// turn to the next, or dropped at any time; another one, given the history, comes to the same point.
/// </summary>
internal sealed class OrchestrationRun : IAsyncDisposable
{
    /// <summary>As many decisions as the official engine allows in one turn: beyond, the code loops.</summary>
    private const int MostDecisions = 100_000;

    private readonly Dictionary<int, OpenTask> open = [];
    private readonly OrchestratorScheduler scheduler;
    private readonly Action<OrchestrationRun> onForeign;
    private List<Decision> decisions = [];
    private Func<Task<object?>> code = null!;
    private Task<object?>? completion;
    private int nextId;
    private volatile bool isForeign;

    /// <param name="identity">Which orchestration.</param>
    /// <param name="loggers">Makes its loggers.</param>
    /// <param name="onForeign">Called when the code is found between turns to have awaited something that is not a durable task; from anywhere.</param>
    public OrchestrationRun(OrchestrationIdentity identity, ILoggerFactory loggers, Action<OrchestrationRun> onForeign)
    {
        Identity = identity;
        this.onForeign = onForeign;
        scheduler = new OrchestratorScheduler(ReportForeign);
        Context = new EmbeddedOrchestrationContext(this, loggers);
    }

    /// <summary>Which orchestration.</summary>
    public OrchestrationIdentity Identity { get; }

    /// <summary>What the code gets.</summary>
    public EmbeddedOrchestrationContext Context { get; }

    /// <summary>Its events.</summary>
    public ExternalEvents Events { get; } = new();

    /// <summary>The time (UTC) of the turn.</summary>
    public DateTime Time { get; private set; }

    /// <summary>Whether the turn is one of the history.</summary>
    public bool IsReplaying { get; private set; }

    /// <summary>What the code has asked for with ContinueAsNew.</summary>
    public ContinueAsNewOptions? ContinueAsNew { get; set; }

    /// <summary>Whether the code has set a custom status.</summary>
    public bool HasCustomStatus { get; private set; }

    /// <summary>The custom status that it has set.</summary>
    public string? CustomStatus
    {
        get;
        set
        {
            field = value;
            HasCustomStatus = true;
        }
    }

    /// <summary>Whether the code has begun.</summary>
    public bool HasBegun => completion is not null;

    /// <summary>What must live as long as this does: the services of the code's invocation.</summary>
    public IAsyncDisposable? Services { get; set; }

    /// <summary>The sentence for code that awaits what it must not.</summary>
    public string ForeignSentence =>
        $"Orchestrator '{Identity.Name}' awaited something that is not a durable task, such as I/O, Task.Delay, Task.Run, ConfigureAwait(false) or middleware that does. " +
        "It may await only tasks that it got from its TaskOrchestrationContext; all other work belongs into an activity.";

    /// <summary>Runs the code again through its history.</summary>
    /// <param name="run">Begins the code; its task is the code's result.</param>
    /// <param name="history">All its episodes so far.</param>
    /// <returns>What is wrong: the code does not do again what it did; null when nothing is.</returns>
    public Exception? Replay(Func<Task<object?>> run, IReadOnlyList<Episode> history)
    {
        code = run;
        IsReplaying = true;
        foreach (var episode in history)
        {
            var made = Play(episode.Time, episode.Arrivals);
            if (isForeign)
                return new InvalidOperationException(ForeignSentence);
            if (Compare(episode.Decisions, made) is { } sentence)
                return new NonDeterministicOrchestrationException(sentence);
        }

        IsReplaying = false;
        return null;
    }

    /// <summary>Runs the code on, with what has happened now.</summary>
    public TurnResult Advance(DateTime time, IReadOnlyList<Arrival> arrivals)
    {
        var made = Play(time, arrivals);
        var isStuck = !completion!.IsCompleted && open.Count == 0 && !Events.IsAwaited;
        if (isForeign || isStuck)
            return Failed(new InvalidOperationException(ForeignSentence));

        // As in the official engine, an orchestration has not ended before all that it has begun.
        if (!completion.IsCompleted || open.Count > 0)
        {
            return new TurnResult(TurnKind.Waiting, made)
            {
                HasCustomStatus = HasCustomStatus,
                CustomStatus = CustomStatus,
                OpenTasks = [.. open.Keys],
            };
        }

        if (!completion.IsCompletedSuccessfully)
            return Failed(completion.Exception?.InnerException ?? new TaskCanceledException(completion));
        try
        {
            return ContinueAsNew is { } anew
                ? new TurnResult(TurnKind.ContinuedAsNew, made)
                {
                    Value = JsonDataConverter.Default.Serialize(anew.NewInput),
                    NewVersion = string.IsNullOrWhiteSpace(anew.NewVersion) ? null : anew.NewVersion,
                    KeptEvents = anew.PreserveUnprocessedEvents ? [.. Events.Kept] : [],
                    HasCustomStatus = HasCustomStatus,
                    CustomStatus = CustomStatus,
                }
                : new TurnResult(TurnKind.Completed, made)
                {
                    Value = JsonDataConverter.Default.Serialize(completion.Result),
                    HasCustomStatus = HasCustomStatus,
                    CustomStatus = CustomStatus,
                };
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or NotSupportedException)
        {
            return Failed(error);
        }

        TurnResult Failed(Exception error) =>
            new(TurnKind.Failed, made) { Error = error, HasCustomStatus = HasCustomStatus, CustomStatus = CustomStatus };
    }

    /// <summary>Makes sure that the code runs where it should, and does not loop without awaiting anything.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public void EnsureLegal()
    {
        if (!scheduler.IsHere)
        {
            ReportForeign();
            throw new InvalidOperationException(ForeignSentence);
        }

        if (decisions.Count >= MostDecisions)
            throw new InvalidOperationException($"Orchestrator '{Identity.Name}' has made {MostDecisions} decisions at once: it seems to loop without awaiting anything.");
    }

    /// <summary>Notes a decision, and gives its number.</summary>
    public int Decide(Func<int, Decision> make)
    {
        var id = nextId++;
        decisions.Add(make(id));
        return id;
    }

    /// <summary>The answer to a decision.</summary>
    public Task<string?> AnswerAsync(int id, string name)
    {
        var task = new OpenTask(name);
        open.Add(id, task);
        return task.Task;
    }

    /// <summary>The code does not want the answer to a decision any more.</summary>
    public void Cancel(int id, CancellationToken cancellationToken)
    {
        if (open.Remove(id, out var task))
            task.TrySetCanceled(cancellationToken);
    }

    /// <summary>Does something when the code cancels a token; one that something else cancels is not a durable task either.</summary>
    public void OnCancel(CancellationToken cancellationToken, Action action)
    {
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() =>
            {
                if (scheduler.IsHere)
                    action();
                else
                    ReportForeign();
            });
        }
    }

    /// <summary>The code is not needed any more. It is left where it is, as a process that ended would leave it.</summary>
    public ValueTask DisposeAsync() => Services?.DisposeAsync() ?? ValueTask.CompletedTask;

    private List<Decision> Play(DateTime time, IReadOnlyList<Arrival> arrivals)
    {
        Time = time;
        decisions = [];
        foreach (var arrival in arrivals)
            scheduler.Run(() => Deliver(arrival));
        return decisions;
    }

    private void Deliver(Arrival arrival)
    {
        switch (arrival.Kind)
        {
            case ArrivalKind.Started:
                completion = RunCodeAsync();
                break;
            case ArrivalKind.Raised:
                Events.Raise(arrival);
                break;

            // What the code has cancelled has no open task any more.
            case ArrivalKind.Completed or ArrivalKind.Fired when open.Remove(arrival.Id!.Value, out var task):
                task.SetResult(arrival.Value?.Text);
                break;
            case ArrivalKind.Failed when open.Remove(arrival.Id!.Value, out var task):
                task.SetException(new TaskFailedException(task.Name, arrival.Id.Value, arrival.Failure!.ToDetails()));
                break;
        }
    }

    // Awaits here, so that code which ends elsewhere is noticed when it does.
    private async Task<object?> RunCodeAsync() => await code();

    private void ReportForeign()
    {
        isForeign = true;
        onForeign(this);
    }

    private string? Compare(IReadOnlyList<Decision> recorded, List<Decision> made)
    {
        for (var i = 0; i < Math.Max(recorded.Count, made.Count); i++)
        {
            var then = i < recorded.Count ? recorded[i] : null;
            var now = i < made.Count ? made[i] : null;
            if (then is not null && now is not null && then.IsSameAs(now))
                continue;
            var step = (then ?? now)!.Id;
            return $"Orchestrator '{Identity.Name}' is not deterministic: according to its history, step #{step} was {(then is null ? "nothing yet" : then)}, " +
                $"but its code, run again, came to {(now is null ? "nothing" : now)} there. Was the code changed while the instance was running, or does it depend on " +
                "time, randomness, settings or static state?";
        }

        return null;
    }

    private sealed class OpenTask(string name) : TaskCompletionSource<string?>
    {
        public string Name { get; } = name;
    }
}
