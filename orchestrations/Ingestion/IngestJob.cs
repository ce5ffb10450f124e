using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Ingestion;

/// <summary>The jobs that take in dropped models: <see cref="IngestArtifact"/>, told by <see cref="IngestOptions"/>.</summary>
public sealed class IngestJob : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "ingest";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.IngestArtifact;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        // Whatever can be said against a drop, its steps say.
    }

    /// <summary>Whether the blob is only read, and not moved or reported on.</summary>
    internal static bool IsReadOnly(Job job) => JobOptions.Of<IngestOptions>(job).ReadOnly == true;

    /// <summary>The drop that a job takes in: its path, without the container, and its ETag.</summary>
    internal static (string Path, string ETag) DropOf(Job job)
    {
        var options = JobOptions.Of<IngestOptions>(job);
        return (options.Blob[(IngestionContainer.Container.Length + 1)..], options.Etag);
    }
}
