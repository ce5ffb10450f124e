using Larder.Inference.Signatures;

namespace Larder.Inference.Compilation;

/// <summary>Result of compiling a model: an optimised file whose outputs equal those of the original, or the reason why there is none.</summary>
public sealed record CompilationResult
{
    /// <summary>True when the optimised model may be published: it was written, can be served, and gave the original's outputs on every sample.</summary>
    public required bool IsSame { get; init; }

    /// <summary>A sentence for the user: what was compared, or why there is no optimised model.</summary>
    public required string Reason { get; init; }

    /// <summary>Number of samples on which both models agreed.</summary>
    public int Samples { get; init; }

    /// <summary>Whether the samples were generated from the signature because none were given.</summary>
    public bool SamplesAreGenerated { get; init; }

    /// <summary>The largest difference of two finite floating-point elements; null when none were compared.</summary>
    public double? LargestDifference { get; init; }

    /// <summary>Nodes in the original's graphs and functions.</summary>
    public int NodesBefore { get; init; }

    /// <summary>Nodes in the optimised model's graphs; null when there is none.</summary>
    public int? NodesAfter { get; init; }

    /// <summary>Size of the original's file.</summary>
    public long BytesBefore { get; init; }

    /// <summary>Size of the optimised file; null when there is none. Folded constants can make it larger than the original.</summary>
    public long? BytesAfter { get; init; }

    /// <summary>True when the optimised file is identical to the original, for example because the original was compiled before: there is nothing to publish.</summary>
    public bool IsUnchanged { get; init; }

    /// <summary>Description of the optimised file; null when there is none.</summary>
    public ModelDescription? Description { get; init; }
}
