using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Options;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Training;

/// <summary>What a training may be told, beside its files. Its JSON Schema is published, and requests are checked against that.</summary>
public sealed record TrainOptions
{
    /// <summary>What is published, and what requests are read with.</summary>
    public static OptionSchema<TrainOptions> Schema { get; } = new();

    /// <summary>Container image.</summary>
    [Description("Container image to run in, from the server's allow-list. Only for backends that have containers."), StringLength(512, MinimumLength = 1)]
    public string? Image { get; init; }

    /// <summary>Cores.</summary>
    [Description("CPU cores."), Range(0.1, 128)]
    public double? Cpu { get; init; }

    /// <summary>Gigabytes of memory.</summary>
    [Description("Memory in gigabytes (10^9 bytes)."), Range(0.1, 2048), JsonPropertyName("memoryGb")]
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

    /// <summary>Tags of the version.</summary>
    [Description("Tags of the version."), MaxLength(100)]
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

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
