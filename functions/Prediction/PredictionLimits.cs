using Larder.Inference.Limits;

namespace Larder.Functions.Prediction;

/// <summary>Limits of a prediction request that HTTP enforces.</summary>
public sealed record PredictionLimits
{
    /// <summary>Largest body of a prediction, in bytes (setting <c>Limits:PredictionBytes</c>).</summary>
    [AtLeast(1)]
    public long PredictionBytes { get; init; } = 64 * 1024 * 1024;
}
