using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>In whose name a job changes models: that of who asked for it, be it a clock or a drop.</summary>
internal static class JobActor
{
    // As long as an actor may be.
    private const int MaxLength = 256;

    /// <summary>The actor of what a job does.</summary>
    public static string Of(Job job)
    {
        // What a schedule started, somebody may have asked to be run again.
        if (job.Schedule is { } schedule && job.RetryOf is null)
            return $"schedule:{schedule}";
        if (job.Owner is { } owner)
            return owner;
        if (job.Type != IngestJob.Type)
            return $"job:{job.Id}";
        var drop = $"drop:{job.Options.Deserialize<IngestOptions>(RegistryJson.Options)!.Blob}";
        return drop.Length <= MaxLength ? drop : $"{drop[..(MaxLength - 3)]}...";
    }
}
