using Microsoft.DurableTask;
using Moq;

namespace Larder.Orchestrations.Tests;

/// <summary>A scoring without an engine: activities answer what a test says, and what the orchestrator decides is written down.</summary>
internal sealed class ScoringRehearsal
{
    private readonly Mock<TaskOrchestrationContext> context = new() { CallBase = true };
    private readonly Dictionary<string, Func<object?, object?>> activities = [];
    private readonly TaskCompletionSource<object?> cancel = new();
    private readonly Queue<TaskCompletionSource> held = new();

    public ScoringRehearsal(Scoring input, int chunks = 3, long rows = 30)
    {
        context.Setup(c => c.GetInput<Scoring>()).Returns(input);
        context.Setup(c => c.InstanceId).Returns(input.Job);
        context.Setup(c => c.WaitForExternalEvent<object?>(JobScheduler.CancelEvent, It.IsAny<CancellationToken>())).Returns(cancel.Task);
        context.Setup(c => c.ContinueAsNew(It.IsAny<object?>(), It.IsAny<bool>())).Callback((object? next, bool _) => WentOnWith = (Scoring)next!);
        Activity<string?>(ActivityNames.FetchDataset, _ => null);
        Activity(ActivityNames.PlanScoring, _ => new PlanScoring.Result(chunks, rows));
        Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(rows / Math.Max(1, chunks), 0));
        Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => []);
        foreach (var name in new[] { ActivityNames.BeginJob, ActivityNames.NoteScoring, ActivityNames.FinishScoring, ActivityNames.EndJob })
            Activity<object?>(name, _ => null);
    }

    /// <summary>Names of the activities that were called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The chunks that were begun, in order.</summary>
    public List<ScoreChunk.Input> Chunks { get; } = [];

    /// <summary>The most chunks that were under way at a time.</summary>
    public int Widest { get; private set; }

    /// <summary>Chunks under way.</summary>
    public int Running { get; private set; }

    /// <summary>What the job ended with.</summary>
    public EndJob.Input? Ended { get; private set; }

    /// <summary>The input that it went on with as new.</summary>
    public Scoring? WentOnWith { get; private set; }

    /// <summary>Says what an activity answers, or throws.</summary>
    public ScoringRehearsal Activity<T>(string name, Func<object?, T> answer)
    {
        activities[name] = input => answer(input);
        context.Setup(c => c.CallActivityAsync<T>(It.Is<TaskName>(given => given.Name == name), It.IsAny<object?>(), It.IsAny<TaskOptions?>()))
            .Returns((TaskName _, object? input, TaskOptions? _) => AnswerAsync<T>(name, input));
        return this;
    }

    /// <summary>The event that cancels arrives.</summary>
    public void Cancel() => cancel.TrySetResult(null);

    /// <summary>Runs the orchestrator to its end; chunks end in the order of their beginning, as late as can be.</summary>
    public async Task<ScoringRehearsal> RunAsync()
    {
        var run = ScoreDataset.Run(context.Object);
        while (!run.IsCompleted)
        {
            if (held.TryDequeue(out var next))
                next.SetResult();
            else
                await Task.Yield();
        }

        await run;
        return this;
    }

    private async Task<T> AnswerAsync<T>(string name, object? input)
    {
        Calls.Add(name);
        if (input is EndJob.Input end)
            Ended = end;
        if (input is ScoreChunk.Input chunk)
        {
            Chunks.Add(chunk);
            Widest = Math.Max(Widest, ++Running);
            var hold = new TaskCompletionSource();
            held.Enqueue(hold);
            await hold.Task;
            Running--;
        }

        return (T)activities[name](input)!;
    }
}
