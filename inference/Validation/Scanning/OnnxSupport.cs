namespace Larder.Inference.Validation.Scanning;

/// <summary>Versions that ONNX Runtime 1.31 can load, found by trying. A test tries again, and fails when a new runtime loads others.</summary>
internal static class OnnxSupport
{
    public const string DefaultDomain = "ai.onnx";
    public const long MaxIrVersion = 13;

    /// <summary>From this IR version on, an initializer that is listed among the inputs is one, and may be left out.</summary>
    public const long OptionalInputsIrVersion = 4;

    private static readonly Dictionary<string, long> ByDomain = new()
    {
        [DefaultDomain] = 26,
        ["ai.onnx.ml"] = 5,
        ["ai.onnx.training"] = 1,
        ["ai.onnx.preview"] = 1,
        ["ai.onnx.preview.training"] = 1,
        ["com.microsoft"] = 1,
        ["com.microsoft.nchwc"] = 1,
    };

    /// <summary>The newest operator set that is supported of each domain whose operators ONNX Runtime brings.</summary>
    public static IReadOnlyDictionary<string, long> MaxOpsets => ByDomain;

    /// <summary>Normalises a domain: the empty domain is <c>ai.onnx</c>.</summary>
    public static string Domain(string domain) => domain.Length == 0 ? DefaultDomain : domain;
}

/// <summary>
/// Operators of ONNX Runtime 1.31 that end the process, found by running each in its own process on extreme values and on tensors without elements.
/// A test runs them again, and fails when a new runtime behaves otherwise.
/// </summary>
internal static class UnsafeOperators
{
    /// <summary>
    /// Whether some values of its inputs end the process: the smallest INT32 or INT64 divided by -1, a frame of length 0.
    /// The sandbox analyses whether a model's graph can produce such values.
    /// </summary>
    public static bool NeedsProof(string domain, string type) => domain == OnnxSupport.DefaultDomain && type is "Div" or "Mod" or "STFT";

    /// <summary>Whether an input without elements, or with none in some dimension, ends the process.</summary>
    public static bool EndsOnEmpty(string domain, string type) => domain switch
    {
        OnnxSupport.DefaultDomain => type is "LSTM" or "GRU" or "RNN" or "STFT",
        "com.microsoft" => type is "Inverse",
        _ => false,
    };
}
