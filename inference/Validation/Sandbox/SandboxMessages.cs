using System.Text.Json.Serialization;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>What the server asks of the trial process: one line of JSON on its standard input.</summary>
/// <param name="Path">The ONNX file, scanned already.</param>
/// <param name="Session">How the server would load it.</param>
/// <param name="Seconds">When the server will lose its patience.</param>
/// <param name="Folder">Where to write its graph, to see whether clients could end the process by some values; null when it has no operator that could.</param>
/// <param name="Compilation">What to compile it to; null for a trial.</param>
internal sealed record SandboxRequest(string Path, SessionSettings Session, int Seconds, string? Folder = null, CompilationRequest? Compilation = null);

/// <summary>What the server wants compiled: the second kind of request to the trial process.</summary>
/// <param name="Destination">Where to write the optimised graph.</param>
/// <param name="Signature">The model's inputs and outputs, as validation found them.</param>
/// <param name="Samples">Values to compare on, each in JSON; empty to make some up.</param>
/// <param name="Atol">Absolute tolerance.</param>
/// <param name="Rtol">Relative tolerance.</param>
internal sealed record CompilationRequest(string Destination, ModelSignature Signature, IReadOnlyList<string> Samples, double Atol, double Rtol);

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

/// <summary>How the optimised graph compares with the original.</summary>
/// <param name="IsSame">Whether all outputs agreed on at least one sample, and differed on none.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="Samples">Samples that both were run on and agreed.</param>
/// <param name="LargestDifference">Between two finite floating-point elements; null when there were none.</param>
internal sealed record CompilationAnswer(bool IsSame, string Reason, int Samples, double? LargestDifference);

/// <summary>The JSON of the trial's two messages; compiled, so that the first trial does not wait for reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxRequest))]
[JsonSerializable(typeof(SandboxAnswer))]
internal sealed partial class SandboxJson : JsonSerializerContext;
