using System.Diagnostics;
using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>Runs the steps of jobs, and keeps in their documents when each began, ended and what came of it.</summary>
/// <param name="jobs">The documents.</param>
/// <param name="time">The clock.</param>
public sealed class JobSteps(JobStore jobs, TimeProvider time)
{
    private static readonly ActivitySource Spans = new("Larder.Orchestrations");

    /// <summary>Runs a step. One that runs again takes the place of what it left before.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="name">The step (<see cref="JobStep"/>).</param>
    /// <param name="attempt">In which attempt; 0 for a step of none.</param>
    /// <param name="work">Does it; gets the job as it was at its beginning.</param>
    /// <param name="change">What of the result goes into the job's document, in the same write as the step's end.</param>
    /// <param name="detail">The result in a sentence.</param>
    /// <param name="cancellationToken">Stops it; it is then not ended.</param>
    public async Task<T> RunAsync<T>(
        string job,
        string name,
        int attempt,
        Func<Job, Task<T>> work,
        Func<Job, T, Job>? change = null,
        Func<T, string?>? detail = null,
        CancellationToken cancellationToken = default)
    {
        using var span = Spans.StartActivity("job step")?
            .SetTag("larder.job.id", job).SetTag("larder.job.step", name).SetTag("larder.job.attempt", attempt);
        var step = new JobStep(name, attempt, time.GetUtcNow());
        var begun = await jobs.UpdateAsync(job, now => With(now, step), cancellationToken);
        try
        {
            var result = await work(begun);
            step = step with { Finished = time.GetUtcNow(), Detail = detail?.Invoke(result) };
            await jobs.UpdateAsync(job, now => change?.Invoke(With(now, step), result) ?? With(now, step), cancellationToken);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message).SetTag("error.type", e.GetType().FullName);
            // It will be tried again; until then the job says what it is about.
            var failed = step with { Detail = e is LarderException ? e.Message : $"It failed ({e.GetType().Name}); the server's log says more." };
            await jobs.UpdateAsync(job, now => With(now, failed), cancellationToken);
            throw;
        }
    }

    /// <summary>Writes down how far a step is that several activities do together.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="name">The step.</param>
    /// <param name="detail">How far.</param>
    /// <param name="isOver">Whether it has ended.</param>
    /// <param name="change">What else changes in the job's document.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job after it.</returns>
    public Task<Job> NoteAsync(string job, string name, string detail, bool isOver, Func<Job, Job> change, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return jobs.UpdateAsync(job, found => change(With(found, new JobStep(name, 0, now, isOver ? now : null, detail))), cancellationToken);
    }

    private static Job With(Job job, JobStep step)
    {
        var steps = job.Steps.ToList();
        var at = steps.FindIndex(other => other.Name == step.Name && other.Attempt == step.Attempt);
        if (at < 0)
            steps.Add(step);
        else
            steps[at] = step with { Started = steps[at].Started };
        return job with { Steps = steps };
    }
}
