using System.Text.Json.Serialization;

namespace Larder.Inference.Signatures;

/// <summary>Description of an ONNX file, made by validation and stored with the version.</summary>
public sealed record ModelDescription
{
    /// <summary>Inputs and outputs.</summary>
    public required ModelSignature Signature { get; init; }

    /// <summary>ONNX IR version of the file.</summary>
    public required long IrVersion { get; init; }

    /// <summary>Operator-set versions by domain; the default domain is <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }

    /// <summary>Name and version of the tool that wrote the file, where it says.</summary>
    public string? Producer { get; init; }

    /// <summary>The file's own <c>doc_string</c>, where it has one.</summary>
    public string? Documentation { get; init; }

    /// <summary>The file's own <c>metadata_props</c>, such as the class names that exporters of detectors leave there.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// True when a test in the sandbox showed that rows are independent of each other: two rows run together gave what each gave alone.
    /// Only such a model's concurrent requests are run together without being asked to.
    /// </summary>
    public bool RowsAreIndependent { get; init; }

    /// <summary>True when the graph itself deals with NaN (IsNaN, an Imputer, trees with branches for missing values): missing values then become NaN, unless the owner says otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TakesMissing { get; init; }

    /// <summary>True when the model has operators of ONNX Runtime Extensions, whose library is then loaded with it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool UsesExtensions { get; init; }

    /// <summary>True when the model has operators that draw random numbers, so that the same inputs do not give the same outputs. Versions of releases before 0.3 do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HasRandomOperators { get; init; }

    /// <summary>True when the model has operators that would end the process if they got nothing: inputs without elements are refused.</summary>
    public bool RefusesEmptyInputs { get; init; }
}
