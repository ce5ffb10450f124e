using Larder.Registry.Jobs;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Jobs;

/// <summary>
/// What the orchestrations of all job types have in common: the steps, then the clean-up, then the job's final state. The last two run whatever the steps
/// ended with: success, a refusal, a cancellation, or an activity that failed as often as its retry policy allows.
/// </summary>
/// <remarks>Orchestrator code: deterministic, so that a replay makes the same calls. The first step's activity sets the job's state to running.</remarks>
internal sealed class JobOrchestration
{
    private readonly TaskOrchestrationContext _context;
    private readonly Task _cancel;

    private JobOrchestration(TaskOrchestrationContext context, string job)
    {
        _context = context;
        _cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        Job = job;
    }

    /// <summary>The job's id.</summary>
    public string Job { get; }

    /// <summary>Whether a caller has asked for the job to be canceled (<see cref="JobScheduler.CancelEvent"/>).</summary>
    public bool IsCancelRequested => _cancel.IsCompleted;

    /// <summary>The time of this turn, the same in every replay.</summary>
    public DateTime Now => _context.CurrentUtcDateTime;

    /// <summary>The end of a job that was canceled.</summary>
    public JobResult Canceled => JobResult.Canceled(Job);

    /// <summary>Runs a job.</summary>
    /// <param name="context">The instance.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="steps">The steps of its type. Null: the instance continues as new, and the job does not end now.</param>
    /// <param name="cleanUp">The activity of its type that cleans up, with a <see cref="JobResult"/> as input.</param>
    /// <param name="cleanUpStep">The step that the instance's status shows meanwhile.</param>
    public static async Task RunAsync(
        TaskOrchestrationContext context, string job, Func<JobOrchestration, Task<JobResult?>> steps, string? cleanUp = null, string cleanUpStep = "clean_up")
    {
        var orchestration = new JobOrchestration(context, job);
        JobResult? result;
        try
        {
            result = await steps(orchestration);
        }
        catch (TaskFailedException e)
        {
            result = JobResult.Failed(job, e);
        }

        if (result is null)
            return;
        orchestration.SetStep(cleanUpStep);
        if (cleanUp is not null)
            await orchestration.CallAsync(cleanUp, result, RetryPolicies.Cleanup);
        await orchestration.CallAsync(ActivityNames.EndJob, result, RetryPolicies.Cleanup);
    }

    /// <summary>Calls an activity, with the retries of <see cref="RetryPolicies.Default"/>.</summary>
    public Task<T> CallAsync<T>(string activity, object input) => _context.CallActivityAsync<T>(activity, input, RetryPolicies.Default);

    /// <summary>Calls an activity without a result.</summary>
    public Task CallAsync(string activity, object input, TaskOptions? retries = null) => _context.CallActivityAsync(activity, input, retries ?? RetryPolicies.Default);

    /// <summary>Shows a step in the instance's status.</summary>
    public void SetStep(string step) => SetStatus(new { step });

    /// <summary>Sets the instance's status, which callers see as <c>status</c> of a job that is not over.</summary>
    public void SetStatus(object status) => _context.SetCustomStatus(status);

    /// <summary>Waits by a durable timer; a cancellation ends the wait.</summary>
    public async Task WaitAsync(TimeSpan wait)
    {
        using var stop = new CancellationTokenSource();
        var timer = _context.CreateTimer(wait, stop.Token);
        // A timer that is left behind would keep the orchestration from ending. Not CancelAsync: that awaits the thread pool.
        if (await Task.WhenAny(timer, _cancel) == _cancel)
            stop.Cancel();
    }

    /// <summary>Waits by a durable timer, also after a cancellation.</summary>
    public Task WaitThroughAsync(TimeSpan wait) => _context.CreateTimer(wait, CancellationToken.None);

    public JobResult Succeeded(string? reason = null) => new(Job, JobState.Succeeded, reason);

    public JobResult Failed(string reason) => JobResult.Failed(Job, reason);
}

/// <summary>How often the activities of jobs are tried: storage or a service may be away for a while; what is wrong for good comes as a result, not as an exception.</summary>
internal static class RetryPolicies
{
    /// <summary>For most: some six minutes.</summary>
    public static TaskOptions Default { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 10, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(1)));

    /// <summary>For the last steps: what is left running costs money, and the job cannot end before. Some eight hours.</summary>
    public static TaskOptions Cleanup { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 100, firstRetryInterval: TimeSpan.FromSeconds(1), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(5)));
}
