using System.ComponentModel.DataAnnotations;

namespace Larder.Functions;

/// <summary>Limits of a prediction request, from the settings <c>Limits:*</c>.</summary>
internal sealed class PredictionLimits
{
    /// <summary>Largest body of a prediction, in bytes.</summary>
    [Range(1, int.MaxValue)]
    public long PredictionBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Deepest nesting of its JSON.</summary>
    [Range(1, 1000)]
    public int JsonDepth { get; init; } = 64;
}
