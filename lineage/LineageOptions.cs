using Larder.Inference.Limits;

namespace Larder.Lineage;

/// <summary>How large lineage graphs can be.</summary>
public sealed record LineageOptions
{
    /// <summary>The most nodes of an answer (setting <c>Lineage:Nodes</c>).</summary>
    [Between(1, 10_000)]
    public int Nodes { get; init; } = 500;

    /// <summary>The most edges between the asked node and another one (setting <c>Lineage:Depth</c>).</summary>
    [Between(1, 100)]
    public int Depth { get; init; } = 20;

    /// <summary>The most records of one kind that are read for an answer, where only a scan can tell: jobs, the newest first; data sets; versions; runs (setting <c>Lineage:Records</c>).</summary>
    [Between(1, 1_000_000)]
    public int Records { get; init; } = 10_000;
}
