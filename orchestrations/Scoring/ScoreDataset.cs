using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring.Activities;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Scoring;

/// <summary>
/// The scoring job (batch inference): fetch, plan, then the chunks, some at a time; merge. A cancellation has an effect between chunks, until merging begins.
/// A chunk that is run again writes the same blocks again, and merging finds the blocks that are missing.
/// </summary>
public static class ScoreDataset
{
    /// <summary>Chunks after which the instance continues as new, so that its history stays short.</summary>
    internal const int ChunksOfGeneration = 100;

    /// <summary>How often missing blocks are written again: storage drops uncommitted blocks after a week.</summary>
    internal const int MaxRepairs = 3;

    // Writes of the progress into the job's document, in a whole scoring.
    private const int Notes = 20;

    /// <summary>Runs the job of the instance's input, a <see cref="ScoringInput"/>.</summary>
    [Function(OrchestrationNames.ScoreDataset)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var scoring = context.GetInput<ScoringInput>()!;
        return JobOrchestration.RunAsync(context, scoring.Job, job => RunAsync(context, job, scoring), ActivityNames.FinishScoring);
    }

    private static async Task<JobResult?> RunAsync(TaskOrchestrationContext context, JobOrchestration job, ScoringInput scoring)
    {
        var (progress, early) = scoring.Progress is null ? await PlanAsync(job) : (scoring.Progress, null);
        if (early is null)
            (progress, early) = await ScoreAsync(job, scoring, progress!);
        if (early is not null)
            return early;
        if (progress!.Next == progress.Chunks)
            return await MergeAsync(job, scoring, progress);
        context.ContinueAsNew(scoring with { Progress = progress });
        return null;
    }

    private static async Task<(ScoringProgress? Progress, JobResult? Result)> PlanAsync(JobOrchestration job)
    {
        job.SetStep("fetch");
        if (await job.CallAsync<string?>(ActivityNames.FetchDataset, job.Job) is { } problem)
            return (null, job.Failed(problem));
        if (job.IsCancelRequested)
            return (null, job.Canceled);
        job.SetStep("plan");
        var plan = await job.CallAsync<PlanScoring.Result>(ActivityNames.PlanScoring, job.Job);
        if (plan.Reason is { } reason)
            return (null, job.Failed(reason));
        var progress = new ScoringProgress(plan.Chunks, plan.Rows);
        await job.CallAsync(ActivityNames.NoteScoring, new NoteScoring.Input(job.Job, progress));
        return (progress, null);
    }

    /// <summary>Scores the chunks of a generation, a window of them at a time.</summary>
    private static async Task<(ScoringProgress Progress, JobResult? Result)> ScoreAsync(JobOrchestration job, ScoringInput scoring, ScoringProgress progress)
    {
        var end = Math.Min(progress.Chunks, progress.Next + ChunksOfGeneration);
        var noteEvery = Math.Max(1, progress.Chunks / Notes);
        var running = new List<Task<ScoreChunk.Result>>();
        JobResult? result = null;
        try
        {
            while (true)
            {
                if (job.IsCancelRequested)
                    result ??= job.Canceled;
                for (; result is null && progress.Next < end && running.Count < scoring.Parallel; progress = progress with { Next = progress.Next + 1 })
                    running.Add(StartAsync(job, scoring, progress.Next, progress.Errors));
                if (running.Count == 0)
                    return (progress, result);

                // Whichever ended first: the events of a history are always in the same order.
                var done = await Task.WhenAny(running);
                running.Remove(done);
                var chunk = await done;
                if (chunk.Reason is { } reason)
                    result ??= job.Failed(reason);
                progress = progress.With(chunk);
                if (progress.Errors > scoring.MaxErrors)
                    result ??= job.Failed(TooManyErrors(progress, scoring.MaxErrors.Value));
                job.SetStatus(new { step = "score", chunks = progress.Chunks, chunks_done = progress.Done, rows = progress.Rows, rows_done = progress.Scored, errors = progress.Errors });
                if (progress.Done % noteEvery == 0 || progress.Done == progress.Chunks || result is not null)
                    await job.CallAsync(ActivityNames.NoteScoring, new NoteScoring.Input(job.Job, progress));
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

    private static async Task<JobResult> MergeAsync(JobOrchestration job, ScoringInput scoring, ScoringProgress progress)
    {
        job.SetStep("merge");
        for (var repairs = 0; ; repairs++)
        {
            var missing = await job.CallAsync<IReadOnlyList<int>>(ActivityNames.MergeScores, job.Job);
            if (missing.Count == 0)
                break;
            if (repairs == MaxRepairs)
                return job.Failed("Parts of the result were lost again and again before it could be put together.");
            // Scored before, and counted: only their bytes are wanted.
            foreach (var window in missing.Chunk(scoring.Parallel))
                await Task.WhenAll(window.Select(chunk => StartAsync(job, scoring, chunk, errors: 0)));
        }

        return new JobResult(job.Job, progress.Rows > 0 && progress.Errors == progress.Rows ? JobState.Failed : JobState.Succeeded, Summary(progress));
    }

    private static Task<ScoreChunk.Result> StartAsync(JobOrchestration job, ScoringInput scoring, int chunk, long errors) =>
        job.CallAsync<ScoreChunk.Result>(ActivityNames.ScoreChunk, new ScoreChunk.Input(job.Job, chunk, scoring.MaxErrors - errors));

    private static async Task EndOfAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (TaskFailedException)
        {
            // The first failure is the one that the job shows.
        }
    }

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
