using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Orchestrations.Scoring.Activities;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Scoring;

/// <summary>
/// The scoring job: fetch, plan, then the chunks, some at a time; merge, clean up, end. Cancelling is an event, <see cref="JobScheduler.CancelEvent"/>: it is
/// heeded between chunks, until merging begins. A chunk that is run again writes the same blocks again, and merging tells what is missing.
/// </summary>
public static class ScoreDataset
{
    /// <summary>Chunks after which it goes on as new, so that its history stays short.</summary>
    internal const int ChunksOfGeneration = 100;

    /// <summary>How often what is missing is made again: blocks are lost after a week.</summary>
    internal const int MostRepairs = 3;

    // Notes in the job's document, over the whole of a scoring.
    private const int Notes = 20;

    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.ScoreDataset)]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var scoring = context.GetInput<ScoringInput>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        FinishScoring.Input ending;
        try
        {
            var (progress, early) = scoring.Progress is null ? await BeginAsync(context, scoring, cancel) : (scoring.Progress, null);
            if (early is null)
                (progress, early) = await ScoreAsync(context, scoring, progress!, cancel);
            if (early is null && progress!.Next < progress.Chunks)
            {
                context.ContinueAsNew(scoring with { Progress = progress });
                return;
            }

            ending = early ?? await MergeAsync(context, scoring, progress!);
        }
        catch (TaskFailedException e)
        {
            ending = Failed(scoring, JobEnding.Of(e));
        }

        context.SetCustomStatus(new { step = "clean_up" });
        await context.CallActivityAsync(ActivityNames.FinishScoring, ending, RetryPolicies.Cleanup);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(scoring.Job, ending.State, ending.Reason), RetryPolicies.Cleanup);
    }

    private static async Task<(ScoringProgress? Progress, FinishScoring.Input? Ending)> BeginAsync(TaskOrchestrationContext context, ScoringInput scoring, Task cancel)
    {
        await context.CallActivityAsync(ActivityNames.BeginJob, scoring.Job, RetryPolicies.Default);
        context.SetCustomStatus(new { step = "fetch" });
        if (await context.CallActivityAsync<string?>(ActivityNames.FetchDataset, scoring.Job, RetryPolicies.Default) is { } problem)
            return (null, Failed(scoring, problem));
        if (cancel.IsCompleted)
            return (null, Canceled(scoring));
        context.SetCustomStatus(new { step = "plan" });
        var plan = await context.CallActivityAsync<PlanScoring.Result>(ActivityNames.PlanScoring, scoring.Job, RetryPolicies.Default);
        if (plan.Reason is { } reason)
            return (null, Failed(scoring, reason));
        var progress = new ScoringProgress(plan.Chunks, plan.Rows);
        await context.CallActivityAsync(ActivityNames.NoteScoring, new NoteScoring.Input(scoring.Job, progress), RetryPolicies.Default);
        return (progress, null);
    }

    /// <summary>Scores the chunks of a generation, a window of them at a time.</summary>
    private static async Task<(ScoringProgress Progress, FinishScoring.Input? Ending)> ScoreAsync(
        TaskOrchestrationContext context, ScoringInput scoring, ScoringProgress progress, Task cancel)
    {
        var end = Math.Min(progress.Chunks, progress.Next + ChunksOfGeneration);
        var noteEvery = Math.Max(1, progress.Chunks / Notes);
        var running = new List<Task<ScoreChunk.Result>>();
        FinishScoring.Input? ending = null;
        try
        {
            while (true)
            {
                if (cancel.IsCompleted)
                    ending ??= Canceled(scoring);
                for (; ending is null && progress.Next < end && running.Count < scoring.Parallel; progress = progress with { Next = progress.Next + 1 })
                    running.Add(StartAsync(context, scoring, progress.Next, progress.Errors));
                if (running.Count == 0)
                    return (progress, ending);

                // Whichever has come first: the events of a history are always in the same order.
                var done = await Task.WhenAny(running);
                running.Remove(done);
                var chunk = await done;
                if (chunk.Reason is { } reason)
                    ending ??= Failed(scoring, reason);
                progress = progress.With(chunk);
                if (progress.Errors > scoring.MaxErrors)
                    ending ??= Failed(scoring, TooManyErrors(progress, scoring.MaxErrors.Value));
                context.SetCustomStatus(new { step = "score", chunks = progress.Chunks, chunks_done = progress.Done, rows = progress.Rows, rows_done = progress.Scored, errors = progress.Errors });
                if (progress.Done % noteEvery == 0 || progress.Done == progress.Chunks || ending is not null)
                    await context.CallActivityAsync(ActivityNames.NoteScoring, new NoteScoring.Input(scoring.Job, progress), RetryPolicies.Default);
            }
        }
        catch (TaskFailedException)
        {
            // What runs must have ended when the job does.
            foreach (var task in running)
                await EndOfAsync(task);
            throw;
        }
    }

    private static async Task<FinishScoring.Input> MergeAsync(TaskOrchestrationContext context, ScoringInput scoring, ScoringProgress progress)
    {
        context.SetCustomStatus(new { step = "merge" });
        for (var repairs = 0; ; repairs++)
        {
            var missing = await context.CallActivityAsync<IReadOnlyList<int>>(ActivityNames.MergeScores, scoring.Job, RetryPolicies.Default);
            if (missing.Count == 0)
                break;
            if (repairs == MostRepairs)
                return Failed(scoring, "Parts of the result were lost again and again before it could be put together.");
            // Scored before, and counted: only their bytes are wanted.
            foreach (var window in missing.Chunk(scoring.Parallel))
                await Task.WhenAll(window.Select(chunk => StartAsync(context, scoring, chunk, errors: 0)));
        }

        return new FinishScoring.Input(scoring.Job, progress.Rows > 0 && progress.Errors == progress.Rows ? JobState.Failed : JobState.Succeeded, Summary(progress));
    }

    private static Task<ScoreChunk.Result> StartAsync(TaskOrchestrationContext context, ScoringInput scoring, int chunk, long errors) =>
        context.CallActivityAsync<ScoreChunk.Result>(
            ActivityNames.ScoreChunk, new ScoreChunk.Input(scoring.Job, chunk, scoring.MaxErrors - errors), RetryPolicies.Default);

    private static async Task EndOfAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (TaskFailedException)
        {
            // The first failure is the one that is told.
        }
    }

    private static FinishScoring.Input Failed(ScoringInput scoring, string reason) => new(scoring.Job, JobState.Failed, reason);

    private static FinishScoring.Input Canceled(ScoringInput scoring) => new(scoring.Job, JobState.Canceled, JobEnding.Canceled);

    private static string TooManyErrors(ScoringProgress progress, long most) => FormattableString.Invariant(
        $"{MessageFormat.Count(progress.Errors, "row")} could not be scored, more than max_errors ({most}). The first that was seen is row {progress.FirstErrorRow}: {progress.FirstError}.");

    private static string? Summary(ScoringProgress progress) => progress switch
    {
        { Rows: 0 } => "The data set has no rows.",
        { Errors: 0 } => null,
        _ => FormattableString.Invariant(
            $"{progress.Errors} of {MessageFormat.Count(progress.Rows, "row")} could not be scored; row {progress.FirstErrorRow} is the first: {progress.FirstError}."),
    };
}
