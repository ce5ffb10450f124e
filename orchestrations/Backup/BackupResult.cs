using Larder.Orchestrations.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>How a step of an export or import ended.</summary>
/// <param name="Problem">What is wrong for good; null when nothing is.</param>
/// <param name="IsCanceled">Whether it ended early because somebody asked for it.</param>
/// <param name="Summary">What came of it.</param>
public sealed record BackupResult(string? Problem = null, bool IsCanceled = false, string? Summary = null)
{
    internal static BackupResult Canceled { get; } = new(JobResult.CanceledReason, IsCanceled: true);
}
