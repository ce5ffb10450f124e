using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Signatures;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Samples;

/// <summary>A sample of a version: what is sent, and what is to come.</summary>
/// <param name="Values">The <c>values</c> of a prediction.</param>
/// <param name="Outputs">The outputs that are compared, by name, as answers have them; null for <see cref="First"/>.</param>
/// <param name="First">The first output alone, which answers call <c>values</c>; null for <see cref="Outputs"/>.</param>
public sealed record GoldenSample(JsonNode? Values, JsonObject? Outputs, JsonNode? First = null)
{
    /// <summary>The expected outputs by name.</summary>
    public JsonObject ByName(ModelSignature signature) => Outputs ?? new JsonObject { [signature.Outputs[0].Name] = First?.DeepClone() };
}

/// <summary>
/// The samples of a version as files have them: <see cref="VersionFile.SampleInputs"/> with bodies of predictions and <see cref="VersionFile.SampleOutputs"/> with their answers, each one
/// object, or a list of as many.
/// </summary>
public static class GoldenSamples
{
    // Of answers that were saved as they came.
    private static readonly string[] Answer = ["outputs", "values", "http_status", "labels"];

    /// <summary>Reads samples.</summary>
    /// <param name="inputs">The bodies of predictions.</param>
    /// <param name="outputs">Their answers.</param>
    /// <param name="limits">How many there may be, and how large.</param>
    /// <exception cref="InvalidRequestException">They cannot be used: a sentence.</exception>
    /// <exception cref="TooLargeException">They are too many, or too large.</exception>
    public static IReadOnlyList<GoldenSample> Read(BinaryData inputs, BinaryData outputs, SampleLimits limits)
    {
        var (bodies, answers) = (Objects(inputs, VersionFile.SampleInputs, limits), Objects(outputs, VersionFile.SampleOutputs, limits));
        if (bodies.Count != answers.Count)
            throw new InvalidRequestException($"{VersionFile.SampleInputs} has {bodies.Count} and {VersionFile.SampleOutputs} {answers.Count}: each sample needs its outputs.");
        return [.. bodies.Zip(answers, Sample)];
    }

    /// <summary>The two files.</summary>
    public static (BinaryData Inputs, BinaryData Outputs) Write(IReadOnlyList<GoldenSample> samples) => (
        File([.. samples.Select(sample => new JsonObject { ["values"] = sample.Values?.DeepClone() })]),
        File([.. samples.Select(sample => sample.Outputs is { } outputs ? new JsonObject { ["outputs"] = outputs.DeepClone() } : new JsonObject { ["values"] = sample.First?.DeepClone() })]));

    private static BinaryData File(JsonNode[] nodes) => BinaryData.FromString((nodes is [var only] ? only : new JsonArray(nodes)).ToJsonString(RegistryJson.Options));

    internal static List<JsonObject> Objects(BinaryData file, string name, SampleLimits limits)
    {
        if (file.ToMemory().Length > limits.Bytes)
            throw new TooLargeException($"{name} has {file.ToMemory().Length} bytes; {limits.Bytes} is the most (Limits:Samples:Bytes).");
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(JsonText.Check(file), documentOptions: new JsonDocumentOptions { MaxDepth = JsonText.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            throw new InvalidRequestException($"{name} is not JSON.");
        }

        var objects = (json is JsonArray list ? [.. list] : new List<JsonNode?> { json }).OfType<JsonObject>().ToList();
        if (objects.Count == 0 || objects.Count != ((json as JsonArray)?.Count ?? 1))
            throw new InvalidRequestException($"{name} must be an object, or a list of objects with at least one.");
        return objects.Count <= limits.Count
            ? objects
            : throw new TooLargeException($"{name} has {objects.Count} samples; {limits.Count} is the most (Limits:Samples:Count).");
    }

    private static GoldenSample Sample(JsonObject body, JsonObject answer)
    {
        if (body.Count != 1 || !body.ContainsKey("values"))
            throw new InvalidRequestException($"Each sample in {VersionFile.SampleInputs} is the body of a prediction, {{\"values\": ...}}, with no other member.");
        if (answer.Select(member => member.Key).FirstOrDefault(name => !Answer.Contains(name)) is { } unknown)
            throw new InvalidRequestException($"{VersionFile.SampleOutputs} has {Quoted.Text(unknown)}; expected outputs are {{\"outputs\": {{name: value}}}} or {{\"values\": value of the first output}}, as answers have them.");
        return answer["outputs"] switch
        {
            JsonObject { Count: > 0 } outputs => new GoldenSample(body["values"]?.DeepClone(), (JsonObject)outputs.DeepClone()),
            null when answer.ContainsKey("values") && !answer.ContainsKey("outputs") => new GoldenSample(body["values"]?.DeepClone(), null, answer["values"]?.DeepClone()),
            _ => throw new InvalidRequestException($"{VersionFile.SampleOutputs} needs the expected outputs: {{\"outputs\": {{name: value}}}} or {{\"values\": value of the first output}}, as answers have them."),
        };
    }
}

/// <summary>How far floating-point outputs may be from the expected ones: |output - expected| &lt;= atol + rtol * |expected|, as NumPy's <c>allclose</c> has it.</summary>
public sealed record SampleTolerance
{
    /// <summary>Absolute tolerance.</summary>
    public double Atol { get; init; } = 1e-5;

    /// <summary>Relative tolerance.</summary>
    public double Rtol { get; init; } = 1e-4;

    /// <summary>Refuses what is no tolerance.</summary>
    /// <exception cref="InvalidRequestException">One is negative, infinite or not a number.</exception>
    internal void Validate()
    {
        if (!(Atol >= 0 && Rtol >= 0 && double.IsFinite(Atol) && double.IsFinite(Rtol)))
            throw new InvalidRequestException("atol and rtol of the samples' tolerance must be numbers from 0 on.");
    }
}

/// <summary>The outcome of the last comparison of a version's outputs with its samples.</summary>
/// <param name="OnnxRuntime">The version of ONNX Runtime that ran it.</param>
/// <param name="When">When it ran.</param>
/// <param name="Difference">A sentence with the first difference beyond the tolerance; null when there was none.</param>
public sealed record SampleCheck(string OnnxRuntime, DateTimeOffset When, string? Difference);
