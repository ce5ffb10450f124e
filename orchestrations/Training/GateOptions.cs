using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Larder.Orchestrations.Training;

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
    [Description("Alias or number of a version of the model that the new one must be at least as good as. One without the metric is not compared with."), RegularExpression("^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$")]
    public string? Against { get; init; }
}
