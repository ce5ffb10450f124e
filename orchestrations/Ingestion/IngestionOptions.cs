using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;

namespace Larder.Orchestrations.Ingestion;

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
