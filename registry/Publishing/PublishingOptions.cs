using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;

namespace Larder.Registry.Publishing;

/// <summary>Limits and places of publishing.</summary>
public sealed record PublishingOptions
{
    /// <summary>Where uploads wait while they are checked. Local disk; nothing else may live there.</summary>
    [Required(ErrorMessage = "It must not be empty.")]
    public string StagingFolder { get; init; } = Path.Combine(Path.GetTempPath(), "larder", "staging");

    /// <summary>The largest model, in bytes (setting <c>Limits:ModelBytes</c>).</summary>
    [AtLeast(1)]
    public long ModelBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Bytes of the staging disk that an upload must leave free.</summary>
    [AtLeast(0)]
    public long DiskReserveBytes { get; init; } = 256L * 1024 * 1024;
}
