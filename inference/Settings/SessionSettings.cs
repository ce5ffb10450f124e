namespace Larder.Inference.Settings;

/// <summary>How a model's ONNX Runtime session is built.</summary>
public sealed record SessionSettings
{
    /// <summary>Threads that one run may use; null chooses: one for a small model, all cores for a large one.</summary>
    public int? IntraOpThreads { get; init; }

    /// <summary>Graph optimisation: <c>none</c>, <c>basic</c>, <c>extended</c> or <c>all</c>.</summary>
    public string Optimization { get; init; } = "all";

    /// <summary>Refuses what no session could be built with.</summary>
    /// <exception cref="InvalidSettingsException">A setting is out of range or unknown.</exception>
    public void Validate()
    {
        if (IntraOpThreads is < 1 or > 256)
            throw new InvalidSettingsException($"session.intra_op_threads must be from 1 to 256, or null; got {IntraOpThreads}.");
        if (Optimization is not ("none" or "basic" or "extended" or "all"))
            throw new InvalidSettingsException($"session.optimization must be none, basic, extended or all; got {Optimization ?? "null"}.");
    }
}
