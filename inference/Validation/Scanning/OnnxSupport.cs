using System.Collections.Frozen;

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
/// Operators of ONNX Runtime Extensions 0.14: those that a model may use. They get everything from the model and its inputs, and touch neither files nor the network; and thousands of runs on
/// empty, scalar, long and malformed values did not end the process.
/// <para>
/// Not on the list: StringEqual, StringJoin, StringRegexSplitWithOffsets and WordpieceTokenizer read beyond a tensor that is empty, scalar or out of range; StringToHashBucket and StringToHashBucketFast divide by an input;
/// StringECMARegexReplace and StringECMARegexSplitWithOffsets backtrack on the stack, which a long text overflows; RobertaTokenizer and CLIPTokenizer answer memory that was never written (offset_mapping).
/// DecodeImage and others of images and sound allocate what their file asks for, and have decoders of their own: Larder decodes images before the model. All others were not tried.
/// </para>
/// </summary>
internal static class OnnxExtensions
{
    /// <summary>Their domain.</summary>
    public const string Domain = "ai.onnx.contrib";

    // The library's other domain, of which no operator is allowed.
    private const string OtherDomain = "com.microsoft.extensions";

    /// <summary>The operators of <see cref="Domain"/> that a model may use.</summary>
    public static readonly FrozenSet<string> Allowed = FrozenSet.Create(
        "StringUpper", "StringLower", "StringStrip", "StringLength", "StringConcat", "StringSplit", "StringRegexReplace", "StringMapping",
        "BasicTokenizer", "BertTokenizer", "HfBertTokenizer", "GPT2Tokenizer", "SentencepieceTokenizer");

    /// <summary>Whether the library has operators of the domain.</summary>
    public static bool Has(string domain) => domain is Domain or OtherDomain;

    /// <summary>Whether a model may use the operator.</summary>
    public static bool Allows(string domain, string type) => domain == Domain && Allowed.Contains(type);
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

/// <summary>Operators that draw random numbers. A seed does not make two runs equal, since the generator goes on from run to run.</summary>
internal static class RandomOperators
{
    /// <summary>Whether a node does.</summary>
    /// <param name="domain">Its domain.</param>
    /// <param name="type">Its operator.</param>
    /// <param name="inputs">How many inputs it has: the third of Dropout switches its training mode, in which it drops at random.</param>
    public static bool Draws(string domain, string type, int inputs) => domain switch
    {
        OnnxSupport.DefaultDomain => type is "RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike" or "Multinomial" or "Bernoulli" || (type == "Dropout" && inputs > 2),
        "com.microsoft" => type is "Sampling",
        _ => false,
    };
}
