using Larder.Orchestrations.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>Writes down how far a step of an export or import is, now and then, and looks whether anybody wants it to end.</summary>
/// <param name="steps">Where.</param>
/// <param name="time">The clock.</param>
/// <param name="job">The job.</param>
/// <param name="step">Its step.</param>
/// <param name="canEnd">Whether it may be ended by request.</param>
internal sealed class BackupProgress(JobSteps steps, TimeProvider time, string job, string step, bool canEnd = true)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private long _last = time.GetTimestamp();

    /// <summary>Tells how far it is.</summary>
    /// <param name="detail">In a sentence; asked for only when it is written.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="JobCanceledException">Somebody asked the job to end.</exception>
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
