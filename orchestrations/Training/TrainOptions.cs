using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Options;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Training;

/// <summary>What a training may be told, beside its files. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record TrainOptions
{
    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<TrainOptions> Schema { get; } = new();

    /// <summary>Container image.</summary>
    [Description("Container image to run in, of those that Jobs:ContainerInstances:Image and AllowedImages name. Only for backends that have containers."), StringLength(512, MinimumLength = 1)]
    public string? Image { get; init; }

    /// <summary>Cores.</summary>
    [Description("CPU cores. A backend that cannot give as many refuses the job."), Range(0.1, 128)]
    public double? Cpu { get; init; }

    /// <summary>Gigabytes of memory.</summary>
    [Description("Memory in gigabytes (10^9 bytes). A backend that cannot give as much refuses the job."), Range(0.1, 2048), JsonPropertyName("memoryGb")]
    public double? MemoryGb { get; init; }

    /// <summary>GPUs.</summary>
    [Description("GPUs. Backends without any refuse all but 0."), Range(0, 16)]
    public int Gpu { get; init; }

    /// <summary>Seconds that an attempt may run.</summary>
    [Description("Seconds that an attempt may take, from start to end; at most six days."), Range(1, 518_400)]
    public int Timeout { get; init; } = 3600;

    /// <summary>Environment variables of the script.</summary>
    [Description("Environment variables of the script: text, or {\"secret\": text} for a value that is never shown and is masked in logs.")]
    [OptionNames("^(?!LARDER_)[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and _, no digit first, and not begin with LARDER_")]
    public IReadOnlyDictionary<string, EnvironmentValue> Environment { get; init; } = new Dictionary<string, EnvironmentValue>();

    /// <summary>Arguments of the script.</summary>
    [Description("Arguments of the script, passed as they are."), MaxLength(256)]
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The most attempts.</summary>
    [Description("Attempts in all: how often a training that fails or is lost is run."), Range(1, 10)]
    public int Attempts { get; init; } = 1;

    /// <summary>The alias to move.</summary>
    [Description("Alias that is moved to the new version when it passes the gate."), RegularExpression("^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$")]
    public string? Alias { get; init; }

    /// <summary>When the alias may move.</summary>
    [Description("What the new version must reach for the alias to move.")]
    public GateOptions? Gate { get; init; }

    /// <summary>Whether and how to compile.</summary>
    [Description("Register ONNX Runtime's optimised graph as a second version, if it gives the same answers: true, or the tolerances of that.")]
    public CompileOptions? Compile { get; init; }

    /// <summary>Name of the file that is the model.</summary>
    [Description("Name of the file that the script leaves as the model, in any folder. Without it, {model}.onnx or the only .onnx file."), StringLength(255, MinimumLength = 1), RegularExpression(FileName)]
    public string? ModelFile { get; init; }

    /// <summary>Whether the script gets the address and a token for MLflow's client.</summary>
    [Description("Give the script MLFLOW_TRACKING_URI, a token of its own and its run's id, so that MLflow's client logs to the job's run. It needs a network: not with Jobs:Process:Network None.")]
    public bool Tracking { get; init; }

    /// <summary>Tags of the version.</summary>
    [Description("Tags of the version."), MaxLength(100)]
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    private const string FileName = @"^[^/\\\x00-\x1f]+$";

    /// <summary>Refuses what is no name of a file (<see cref="ModelFile"/>).</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void ValidateFile(string? name)
    {
        if (name is not null && (name.Length > 255 || !Regex.IsMatch(name, FileName)))
            throw new InvalidRequestException("The name of the model's file can have 255 characters, and none of / and \\.");
    }

    /// <summary>What takes the place of a secret value wherever options are stored and shown.</summary>
    internal const string Masked = "***";

    /// <summary>The secret values of the environment, by name.</summary>
    internal IReadOnlyDictionary<string, string> Secrets() =>
        Environment.Where(variable => variable.Value.IsSecret).ToDictionary(variable => variable.Key, variable => variable.Value.Value);

    /// <summary>The same options with every secret value masked, as JSON.</summary>
    internal JsonElement ToMaskedJson() => JsonSerializer.SerializeToElement(
        this with
        {
            Environment = Environment.ToDictionary(variable => variable.Key, variable => variable.Value.IsSecret ? new(Masked, true) : variable.Value),
        },
        RegistryJson.Options);

    internal ComputeResources Resources => new(Image, Cpu, MemoryGb, Gpu);
}

/// <summary>Value of an environment variable: in JSON a text, or <c>{"secret": text}</c>.</summary>
/// <param name="Value">The value.</param>
/// <param name="IsSecret">Whether it is never shown, and masked in logs.</param>
[JsonConverter(typeof(Converter))]
[OptionSchema("""
    {"anyOf": [
      {"type": "string"},
      {"type": "object", "properties": {"secret": {"type": "string", "writeOnly": true}}, "required": ["secret"], "additionalProperties": false}]}
    """)]
public sealed record EnvironmentValue(string Value, bool IsSecret = false)
{
    private sealed class Converter : JsonConverter<EnvironmentValue>
    {
        public override EnvironmentValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
                return new EnvironmentValue(reader.GetString()!);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement is { ValueKind: JsonValueKind.Object } value
                && value.EnumerateObject().ToList() is [{ Name: "secret", Value: { ValueKind: JsonValueKind.String } secret }]
                ? new EnvironmentValue(secret.GetString()!, IsSecret: true)
                : throw new JsonException("An environment variable is a text, or {\"secret\": text}.");
        }

        public override void Write(Utf8JsonWriter writer, EnvironmentValue value, JsonSerializerOptions options)
        {
            if (!value.IsSecret)
            {
                writer.WriteStringValue(value.Value);
                return;
            }

            writer.WriteStartObject();
            writer.WriteString("secret", value.Value);
            writer.WriteEndObject();
        }
    }
}

/// <summary>
/// How far an optimised model's answers may be from the original's: |a - b| &lt;= atol + rtol * |b|, as NumPy's allclose. In JSON
/// <c>{"atol": number, "rtol": number}</c>, where what is missing has its default, or <c>true</c> for both defaults; <c>false</c> is none at all (null).
/// </summary>
[JsonConverter(typeof(Converter))]
[OptionSchema("""
    {"anyOf": [
      {"type": ["boolean", "null"]},
      {"type": "object", "additionalProperties": false, "properties": {
        "atol": {"description": "Absolute tolerance.", "type": "number", "minimum": 0, "maximum": 1000000, "default": 1e-5},
        "rtol": {"description": "Relative tolerance.", "type": "number", "minimum": 0, "maximum": 1, "default": 1e-4}}}]}
    """)]
public sealed record CompileOptions
{
    /// <summary>Absolute tolerance.</summary>
    public double Atol { get; init; } = 1e-5;

    /// <summary>Relative tolerance.</summary>
    public double Rtol { get; init; } = 1e-4;

    private sealed class Converter : JsonConverter<CompileOptions>
    {
        public override CompileOptions? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
                return reader.TokenType == JsonTokenType.True ? new CompileOptions() : null;
            using var document = JsonDocument.ParseValue(ref reader);
            var read = new CompileOptions();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                read = member.Name switch
                {
                    "atol" => read with { Atol = member.Value.GetDouble() },
                    "rtol" => read with { Rtol = member.Value.GetDouble() },
                    _ => throw new JsonException("Compilation is true, false, or an object of atol and rtol."),
                };
            }

            return read;
        }

        public override void Write(Utf8JsonWriter writer, CompileOptions value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteNumber("atol", value.Atol);
            writer.WriteNumber("rtol", value.Rtol);
            writer.WriteEndObject();
        }
    }
}

/// <summary>What a new version must reach for an alias to move to it.</summary>
public sealed record GateOptions
{
    /// <summary>Name of a metric in <c>metrics.json</c>.</summary>
    [Description("Name of a metric in metrics.json."), StringLength(250, MinimumLength = 1)]
    public required string Metric { get; init; }

    /// <summary><c>max</c> when more is better, <c>min</c> when less is.</summary>
    [Description("max when more is better, min when less is."), AllowedValues("max", "min")]
    public string Direction { get; init; } = "max";

    /// <summary>The value to reach.</summary>
    [Description("Value that the metric must reach.")]
    public double? Threshold { get; init; }

    /// <summary>The alias or number of the version to compare with.</summary>
    [Description("Alias or number of a version of the model that the new one must be at least as good as."), RegularExpression("^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$")]
    public string? Against { get; init; }

    /// <summary><c>fail</c> or <c>pass</c>: the decision when there are not two metrics to compare.</summary>
    [Description("What happens when the new version or the one of 'against' lacks the metric, or there is no such version: fail leaves the alias where it is, pass moves it."), AllowedValues("fail", "pass")]
    public string OnMissing { get; init; } = "fail";
}
