namespace Larder.Inference;

/// <summary>How a model's ONNX Runtime session is built.</summary>
public sealed record SessionSettings
{
    /// <summary>Threads that one run may use; null chooses: one for a small model, all cores for a large one.</summary>
    public int? IntraOpThreads { get; init; }

    /// <summary>Graph optimisation: <c>none</c>, <c>basic</c>, <c>extended</c> or <c>all</c>.</summary>
    public string Optimization { get; init; } = "all";
}
