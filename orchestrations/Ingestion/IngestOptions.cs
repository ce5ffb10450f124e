using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Which blob an ingestion takes in. The trigger fills it, or a schedule.</summary>
public sealed record IngestOptions
{
    /// <summary>What is published.</summary>
    public static OptionSchema<IngestOptions> Schema { get; } = new();

    /// <summary>The blob with its container.</summary>
    [Description("The blob: uploads/{model}/{name}.onnx or .zip."), StringLength(1100)]
    public required string Blob { get; init; }

    /// <summary>Which content of it.</summary>
    [Description("Its ETag when it was found."), StringLength(100)]
    public required string Etag { get; init; }

    /// <summary>Whether the blob is only read.</summary>
    [Description("Whether the blob is only read: no result is written beside it, it stays where it is if it is refused, and what is a version already is left at that. Schedules read so.")]
    public bool? ReadOnly { get; init; }
}
