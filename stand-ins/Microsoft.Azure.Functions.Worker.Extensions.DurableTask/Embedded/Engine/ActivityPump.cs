using System.Threading.Channels;
using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Runs activities, so many at once as host.json allows. Each runs at least once; what becomes of it is up to its instance.</summary>
internal sealed class ActivityPump(TaskHub hub)
{
    private readonly Channel<ActivityWork> queue = Channel.CreateUnbounded<ActivityWork>();
    private readonly CancellationTokenSource draining = new();
    private Task running = Task.CompletedTask;

    /// <summary>Begins to run what is in the queue.</summary>
    public void Start(CancellationToken stop) =>
        running = Task.WhenAll(Enumerable.Range(0, hub.Options.MaxActivities).Select(_ => Task.Run(() => RunAsync(stop), CancellationToken.None)));

    /// <summary>An activity is to run.</summary>
    public void Enqueue(ActivityWork work) => queue.Writer.TryWrite(work);

    /// <summary>Begins no more activities, and waits for those that run.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await draining.CancelAsync();
        await running.WaitAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, draining.Token);
        try
        {
            while (true)
            {
                var work = await queue.Reader.ReadAsync(either.Token);
                if (await RunAsync(work, stop) is { } arrival)
                    work.Instance.Post(new Mail(new Answer(work.Execution, work.Generation, arrival)));
            }
        }
        catch (OperationCanceledException)
        {
            // What is left in the queue is found again in the histories.
        }
    }

    // Null when the host stops: then the activity runs again.
    private async Task<Arrival?> RunAsync(ActivityWork work, CancellationToken stop)
    {
        var decision = work.Decision;
        try
        {
            await hub.EnsureHeldAsync(stop);
            var input = decision.Value is null ? null : await hub.PersistAsync(token => hub.Store.Data.LoadAsync(decision.Value, token), stop);
            var result = await hub.Functions.RunAsync(decision.Name!, new ActivityCall(input?.Text), work.Instance.Id, decision.Id, stop);
            return new Arrival(ArrivalKind.Completed, decision.Id, Value: Payload.Of(JsonDataConverter.Default.Serialize(result)));
        }
        catch (MissingActivityException error)
        {
            return new Arrival(ArrivalKind.Failed, decision.Id, Failure: new FailureRecord(typeof(ArgumentException).FullName!, error.Message, IsFinal: true));
        }
        catch (Exception) when (hub.IsStopping)
        {
            // Whether it failed by itself or because it was told to stop, nobody can tell.
            return null;
        }
        catch (Exception error)
        {
            return new Arrival(ArrivalKind.Failed, decision.Id, Failure: FailureRecord.Of(error));
        }
    }
}
