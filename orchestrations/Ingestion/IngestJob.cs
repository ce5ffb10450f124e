using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Ingestion;

/// <summary>The type of the jobs that ingest models from the container <c>uploads</c>: <see cref="IngestArtifact"/> with <see cref="IngestOptions"/>.</summary>
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
        // The job's steps check the blob.
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

/// <summary>Which blob an ingestion takes in. The trigger fills it, or a schedule.</summary>
public sealed record IngestOptions
{
    /// <summary>What is published.</summary>
    public static OptionSchema<IngestOptions> Schema { get; } = new();

    /// <summary>The blob with its container.</summary>
    [Description("The blob: uploads/{model}/{name}.onnx, .zip, .tar.gz or .tgz."), StringLength(1100)]
    public required string Blob { get; init; }

    /// <summary>Which content of it.</summary>
    [Description("Its ETag when it was found."), StringLength(100)]
    public required string Etag { get; init; }

    /// <summary>Whether the blob is only read.</summary>
    [Description("Whether the blob is only read: no result is written beside it, it stays where it is if it is refused, and what is a version already is left at that. Schedules read so.")]
    public bool? ReadOnly { get; init; }
}

/// <summary>How long an ingestion waits for blobs that are still being written (settings <c>Ingestion:*</c>).</summary>
public sealed record IngestionOptions : IValidatableObject
{
    /// <summary>How long a blob that may grow must have been as it is; block blobs with content are there whole, and wait for nothing.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan QuietPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a blob may take to be complete, before it is refused.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout < QuietPeriod)
            yield return new ValidationResult($"It must be at least Ingestion:QuietPeriod, which is {QuietPeriod}; got {Timeout}.", [nameof(Timeout)]);
    }
}
