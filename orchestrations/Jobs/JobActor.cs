using Larder.Orchestrations.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Jobs;

/// <summary>The actor in whose name a job changes models: the caller, the schedule or the ingested blob that it was submitted for.</summary>
internal static class JobActor
{
    // As long as an actor may be.
    private const int MaxLength = 256;

    private const string Drop = "drop";

    /// <summary>The queue in which a job's models wait for validation: one for each actor, and one for all ingested blobs.</summary>
    public static string LineOf(Job job) => Of(job) is var actor && actor.StartsWith($"{Drop}:", StringComparison.Ordinal) ? Drop : actor;

    /// <summary>The actor of what a job does.</summary>
    public static string Of(Job job)
    {
        // A retry of a job that a schedule started belongs to the caller that asked for it.
        if (job.Schedule is { } schedule && job.RetryOf is null)
            return $"schedule:{schedule}";
        if (job.Owner is { } owner)
            return owner;
        if (job.Type != IngestJob.Type)
            return $"job:{job.Id}";
        var drop = $"{Drop}:{JobOptions.Of<IngestOptions>(job).Blob}";
        return drop.Length <= MaxLength ? drop : $"{drop[..(MaxLength - 3)]}...";
    }
}
