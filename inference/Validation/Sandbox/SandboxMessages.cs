using System.Text.Json.Serialization;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>Request of the server to the sandbox: one line of JSON on its standard input.</summary>
/// <param name="Path">Path of the ONNX file, which was scanned already.</param>
/// <param name="Session">Session settings.</param>
/// <param name="Seconds">Timeout in seconds.</param>
/// <param name="Folder">Folder for the graph, which is analysed for input values that end the process; null if it has no operator that could.</param>
/// <param name="Compilation">Compilation to do; null for none.</param>
/// <param name="Samples">Samples to run; null for none. Without both it is a validation.</param>
/// <param name="Extensions">Of a validation: whether the model uses ONNX Runtime Extensions.</param>
internal sealed record SandboxRequest(string Path, SessionSettings Session, int Seconds, string? Folder = null, CompilationRequest? Compilation = null, SampleRequest? Samples = null, bool Extensions = false);

/// <summary>Request to compile a model.</summary>
/// <param name="Destination">Path of the optimised model.</param>
/// <param name="Signature">The model's inputs and outputs, as validation found them.</param>
/// <param name="Samples">Values to compare on, each in JSON; if empty, the sandbox generates some.</param>
/// <param name="Atol">Absolute tolerance.</param>
/// <param name="Rtol">Relative tolerance.</param>
/// <param name="Extensions">Whether the model uses ONNX Runtime Extensions.</param>
internal sealed record CompilationRequest(string Destination, ModelSignature Signature, IReadOnlyList<string> Samples, double Atol, double Rtol, bool Extensions = false);

/// <summary>Request to compare what a model answers with what is expected.</summary>
/// <param name="Signature">The model's inputs and outputs, as validation found them.</param>
/// <param name="Features">The names of its columns.</param>
/// <param name="TakesMissing">Whether missing values become NaN.</param>
/// <param name="Values">Of each sample the <c>values</c> of a prediction, in JSON.</param>
/// <param name="Outputs">Of each sample the expected outputs by name, in JSON.</param>
/// <param name="Atol">Absolute tolerance.</param>
/// <param name="Rtol">Relative tolerance.</param>
/// <param name="Extensions">Whether the model uses ONNX Runtime Extensions.</param>
internal sealed record SampleRequest(
    ModelSignature Signature, IReadOnlyList<Feature> Features, bool TakesMissing, IReadOnlyList<string> Values, IReadOnlyList<string> Outputs, double Atol, double Rtol,
    bool Extensions = false);

/// <summary>Answer of the sandbox: one line of JSON on its standard output, with a signature, a comparison or a refusal.</summary>
internal sealed record SandboxAnswer
{
    /// <summary>Inputs and outputs, when the model loads and runs.</summary>
    public ModelSignature? Signature { get; init; }

    /// <summary>See <see cref="ModelDescription.RowsAreIndependent"/>.</summary>
    public bool RowsAreIndependent { get; init; }

    /// <summary>Result of a compilation, or of samples.</summary>
    public ComparisonAnswer? Comparison { get; init; }

    /// <summary>Why the model is refused: a sentence.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether the model needs more memory than the sandbox has.</summary>
    public bool OutOfMemory { get; init; }
}

/// <summary>Comparison of the optimised model with the original, or of a model with expected outputs.</summary>
/// <param name="IsSame">Whether all outputs agreed on at least one sample, and differed on none.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="Samples">Number of samples on which both agreed.</param>
/// <param name="LargestDifference">Between two finite floating-point elements; null when there were none.</param>
internal sealed record ComparisonAnswer(bool IsSame, string Reason, int Samples, double? LargestDifference);

/// <summary>JSON of the messages; source-generated, so that the first request does not wait for reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxRequest))]
[JsonSerializable(typeof(SandboxAnswer))]
internal sealed partial class SandboxJson : JsonSerializerContext;
