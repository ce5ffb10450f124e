using Larder.Inference.Signatures;

namespace Larder.Inference.Compilation;

/// <summary>What came of compiling a model: an optimised file that answers as the original does, or why there is none.</summary>
public sealed record CompilationResult
{
    /// <summary>True when the optimised model may be published: it was written, can be served, and gave the original's outputs on every sample.</summary>
    public required bool IsSame { get; init; }

    /// <summary>A sentence for whoever asked: what was compared, or what is in the way.</summary>
    public required string Reason { get; init; }

    /// <summary>Samples that both models were run on and agreed.</summary>
    public int Samples { get; init; }

    /// <summary>Whether the samples were made up from the signature, since none were given.</summary>
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

    /// <summary>True when the optimised file has the original's very bytes, as that of a model which had been compiled before: nothing to publish.</summary>
    public bool IsUnchanged { get; init; }

    /// <summary>What validation learnt about the optimised file; null when there is none.</summary>
    public ModelDescription? Description { get; init; }
}
