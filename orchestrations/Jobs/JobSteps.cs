using System.Diagnostics;
using Larder.Inference;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>Runs the steps of jobs, and stores in the jobs' documents when each began and ended and what it found.</summary>
/// <remarks>
/// A step is one conditional write, at its end, together with what it changes in the job. Its beginning is a write of its own only when it takes longer than
/// <see cref="ShownAfter"/>, so that callers see it while it runs; when it begins the job; or when a crash must not lose that it has begun.
/// </remarks>
/// <param name="jobs">The documents.</param>
/// <param name="time">For the times of steps.</param>
public sealed class JobSteps(JobStore jobs, TimeProvider time)
{
    private static readonly TimeSpan ShownAfter = TimeSpan.FromSeconds(1);

    private static readonly ActivitySource Spans = new("Larder.Orchestrations");

    /// <summary>Runs a step. A repetition replaces the entry of the run before, but not the time of its beginning.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="name">The step (<see cref="JobStep"/>).</param>
    /// <param name="attempt">The attempt that it belongs to; 0 for none.</param>
    /// <param name="work">Does it; gets the job as it was at its beginning.</param>
    /// <param name="change">What the result changes in the job's document, in the same write as the step's end.</param>
    /// <param name="detail">The result in a sentence.</param>
    /// <param name="isOver">Whether the step has ended; a step that polls has not while it has to be called again. By default it has.</param>
    /// <param name="beginsJob">Whether it is the first step, which sets the job's state to running.</param>
    /// <param name="isWrittenAhead">Whether the step must be in the document before the work begins.</param>
    /// <param name="cancellationToken">Cancels the work; the step has not ended then.</param>
    public async Task<T> RunAsync<T>(
        string job,
        string name,
        int attempt,
        Func<Job, Task<T>> work,
        Func<Job, T, Job>? change = null,
        Func<T, string?>? detail = null,
        Func<T, bool>? isOver = null,
        bool beginsJob = false,
        bool isWrittenAhead = false,
        CancellationToken cancellationToken = default)
    {
        using var span = Spans.StartActivity("job step")?
            .SetTag("larder.job.id", job).SetTag("larder.job.step", name).SetTag("larder.job.attempt", attempt);
        var step = new JobStep(name, attempt, time.GetUtcNow());
        var begun = await jobs.GetAsync(job, cancellationToken);
        if ((beginsJob && begun.State == JobState.Queued) || (isWrittenAhead && IndexOf(begun, step) < 0))
            begun = await jobs.UpdateAsync(job, now => With(beginsJob ? Running(now) : now, step), cancellationToken);
        try
        {
            var result = await WorkAsync();
            step = step with { Finished = isOver?.Invoke(result) == false ? null : time.GetUtcNow(), Detail = detail?.Invoke(result) };
            await jobs.UpdateAsync(job, now => change?.Invoke(With(now, step), result) ?? With(now, step), cancellationToken);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message).SetTag("error.type", e.GetType().FullName);
            // It will be tried again; until then the job shows the error.
            var failed = step with { Detail = e is LarderException ? e.Message : $"It failed ({e.GetType().Name}); the server's log says more." };
            await jobs.UpdateAsync(job, now => With(now, failed), cancellationToken);
            throw;
        }

        async Task<T> WorkAsync()
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var showing = ShowAsync(job, step, ended.Token);
            try
            {
                return await work(begun);
            }
            finally
            {
                await ended.CancelAsync();
                await showing;
            }
        }
    }

    /// <summary>Stores the progress of a step that several activities do together.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="name">The step.</param>
    /// <param name="detail">The progress in a sentence.</param>
    /// <param name="isOver">Whether it has ended.</param>
    /// <param name="change">What else changes in the job's document.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job after it.</returns>
    public Task<Job> NoteAsync(string job, string name, string detail, bool isOver, Func<Job, Job> change, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return jobs.UpdateAsync(job, found => change(With(found, new JobStep(name, 0, now, isOver ? now : null, detail))), cancellationToken);
    }

    /// <summary>Stores the beginning of a step that takes longer than a moment.</summary>
    private async Task ShowAsync(string job, JobStep step, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(ShownAfter, time, cancellationToken);
            await jobs.UpdateAsync(job, now => With(now, step), cancellationToken);
        }
        catch (Exception)
        {
            // The step has ended, or storage fails: then the write at the step's end fails too, and the step is tried again.
        }
    }

    private Job Running(Job job) => job with { State = JobState.Running, Started = job.Started ?? time.GetUtcNow() };

    private static int IndexOf(Job job, JobStep step) => job.Steps.ToList().FindIndex(other => other.Name == step.Name && other.Attempt == step.Attempt);

    private static Job With(Job job, JobStep step)
    {
        var at = IndexOf(job, step);
        if (at < 0)
            return job with { Steps = [.. job.Steps, step] };
        step = step with { Started = job.Steps[at].Started };
        // The same instance says that nothing is to be written.
        return job.Steps[at] == step ? job : job with { Steps = [.. job.Steps.Take(at), step, .. job.Steps.Skip(at + 1)] };
    }
}
