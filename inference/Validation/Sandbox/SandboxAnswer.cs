using Larder.Inference.Signatures;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>What the trial process answers: one line of JSON on its standard output. A signature, or a comparison, or why there is none.</summary>
internal sealed record SandboxAnswer
{
    /// <summary>Inputs and outputs, when the model loads and runs.</summary>
    public ModelSignature? Signature { get; init; }

    /// <summary>See <see cref="ModelDescription.RowsAreIndependent"/>.</summary>
    public bool RowsAreIndependent { get; init; }

    /// <summary>How the optimised graph compares, when one was asked for.</summary>
    public CompilationAnswer? Compilation { get; init; }

    /// <summary>Why the model is refused: a sentence.</summary>
    public string? Refusal { get; init; }

    /// <summary>The model asked for more memory than a trial may have.</summary>
    public bool OutOfMemory { get; init; }
}
