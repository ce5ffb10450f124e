using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Larder.Orchestrations;

/// <summary>Which blob an ingestion takes in. The trigger fills it.</summary>
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
}
