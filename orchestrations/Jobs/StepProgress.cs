namespace Larder.Orchestrations.Jobs;

/// <summary>Stores the progress of a long step every two seconds, and checks whether the job is to be canceled.</summary>
/// <param name="steps">Where.</param>
/// <param name="time">For times and waits.</param>
/// <param name="job">The job.</param>
/// <param name="step">Its step.</param>
/// <param name="canEnd">Whether it may be ended by request.</param>
internal sealed class StepProgress(JobSteps steps, TimeProvider time, string job, string step, bool canEnd = true)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private long _last = time.GetTimestamp();

    /// <summary>Tells how far it is.</summary>
    /// <param name="detail">In a sentence; asked for only when it is written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="JobCanceledException">A caller canceled the job.</exception>
    public async Task NoteAsync(Func<string> detail, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_last) < Every)
            return;
        var now = await steps.NoteAsync(job, step, detail(), isOver: false, found => found, cancellationToken);
        _last = time.GetTimestamp();
        if (canEnd && (now.CancelRequested is not null || now.IsFinal))
            throw new JobCanceledException();
    }
}

/// <summary>How such a step ended.</summary>
/// <param name="Problem">What is wrong for good; null when nothing is.</param>
/// <param name="IsCanceled">Whether it ended early because a caller canceled the job.</param>
/// <param name="Summary">The outcome in a sentence.</param>
public sealed record StepResult(string? Problem = null, bool IsCanceled = false, string? Summary = null)
{
    internal static StepResult Canceled { get; } = new(JobResult.CanceledReason, IsCanceled: true);
}

/// <summary>A caller canceled the job while one of its steps was running.</summary>
internal sealed class JobCanceledException() : OperationCanceledException("The job is to end.");
