namespace Larder.Inference.Validation.Scanning;

/// <summary>What ONNX Runtime 1.31 can load, found by trying: a test tries again, and fails when the runtime moves on.</summary>
internal static class OnnxSupport
{
    public const string DefaultDomain = "ai.onnx";
    public const long MaxIrVersion = 13;

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

    /// <summary>Domains by one name: ONNX calls its own both <c>ai.onnx</c> and nothing.</summary>
    public static string Domain(string domain) => domain.Length == 0 ? DefaultDomain : domain;
}
