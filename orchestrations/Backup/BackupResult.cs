using Larder.Orchestrations.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>How a step of an export or import ended.</summary>
/// <param name="Problem">What is wrong for good; null when nothing is.</param>
/// <param name="IsCanceled">Whether it ended early because a caller canceled the job.</param>
/// <param name="Summary">The outcome in a sentence.</param>
public sealed record BackupResult(string? Problem = null, bool IsCanceled = false, string? Summary = null)
{
    internal static BackupResult Canceled { get; } = new(JobResult.CanceledReason, IsCanceled: true);
}
