using System.Text.Json;

namespace Larder.Registry.Schedules;

/// <summary>What a schedule runs.</summary>
public sealed record ScheduledJob
{
    /// <summary>Type of the job: <c>train</c>, <c>score</c>, <c>ingest</c> ...</summary>
    public required string Type { get; init; }

    /// <summary>The model that it makes or uses.</summary>
    public required string Model { get; init; }

    /// <summary>Its options, with every secret value as <c>"***"</c>; null for those of the job in <see cref="Inputs"/>.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>What it is given.</summary>
    public ScheduledInputs Inputs { get; init; } = new();
}
