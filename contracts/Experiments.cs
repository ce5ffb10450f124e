using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>GET /api/v1/experiments/{experiment}/compare</c>: each list of values is in the order of the runs.</summary>
public sealed record CompareAnswer : Answer
{
    /// <summary>The runs.</summary>
    [JsonPropertyName("runs")]
    public required IReadOnlyList<ComparedRun> Runs { get; init; }

    /// <summary>Their params, by name.</summary>
    [JsonPropertyName("params")]
    public required IReadOnlyList<ComparedParam> Params { get; init; }

    /// <summary>The last values of their metrics, by name.</summary>
    [JsonPropertyName("metrics")]
    public required IReadOnlyList<ComparedMetric> Metrics { get; init; }
}

/// <summary>A run that is compared.</summary>
public sealed record ComparedRun
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("run_id")]
    public required string RunId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>When it began.</summary>
    [JsonPropertyName("started")]
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    [JsonPropertyName("finished")]
    public DateTimeOffset? Finished { get; init; }

    /// <summary>The job whose run it is; null for a run that a client created.</summary>
    [JsonPropertyName("job")]
    public string? Job { get; init; }

    /// <summary>The data sets that it read.</summary>
    [JsonPropertyName("datasets")]
    public required IReadOnlyList<ComparedDataset> Datasets { get; init; }
}

/// <summary>A data set of a run.</summary>
public sealed record ComparedDataset
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The digest of its content.</summary>
    [JsonPropertyName("digest")]
    public required string Digest { get; init; }

    /// <summary>What it was used for, as <c>training</c>; null where the client did not say.</summary>
    [JsonPropertyName("context")]
    public string? Context { get; init; }
}

/// <summary>A param of the runs.</summary>
public sealed record ComparedParam
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Of each run; null where it has none.</summary>
    [JsonPropertyName("values")]
    public required IReadOnlyList<string?> Values { get; init; }

    /// <summary>Whether the values are not all the same.</summary>
    [JsonPropertyName("differs")]
    public required bool Differs { get; init; }
}

/// <summary>A metric of the runs.</summary>
public sealed record ComparedMetric
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Of each run; null where it has none, and the text <c>NaN</c> for what is no number.</summary>
    [JsonPropertyName("values"), JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public required IReadOnlyList<double?> Values { get; init; }

    /// <summary>The steps of the values.</summary>
    [JsonPropertyName("steps")]
    public required IReadOnlyList<long?> Steps { get; init; }

    /// <summary>Whether the values are not all the same.</summary>
    [JsonPropertyName("differs")]
    public required bool Differs { get; init; }
}

/// <summary><c>GET</c> and <c>POST /api/v1/experiments/{experiment}/champion</c>: the best run, and why.</summary>
public sealed record ChampionAnswer : Answer
{
    /// <summary>The run that wins.</summary>
    [JsonPropertyName("champion")]
    public required RankedRun Champion { get; init; }

    /// <summary>The decision in sentences.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>The runs that could win, the best first; at most a hundred.</summary>
    [JsonPropertyName("ranking")]
    public required IReadOnlyList<RankedRun> Ranking { get; init; }

    /// <summary>How many runs were left out.</summary>
    [JsonPropertyName("left_out")]
    public required int LeftOut { get; init; }

    /// <summary>The alias that was moved; left out when none was asked for.</summary>
    [JsonPropertyName("alias"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChampionAlias? Alias { get; init; }
}

/// <summary>A run with the value that it is ranked by.</summary>
public sealed record RankedRun
{
    /// <summary>The run's id.</summary>
    [JsonPropertyName("run_id")]
    public required string RunId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The metric's last value.</summary>
    [JsonPropertyName("value")]
    public required double Value { get; init; }

    /// <summary>The data set that counts; null for a run without one.</summary>
    [JsonPropertyName("dataset")]
    public ComparedDataset? Dataset { get; init; }
}

/// <summary>An alias that points at the champion's version.</summary>
public sealed record ChampionAlias
{
    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>The alias.</summary>
    [JsonPropertyName("alias")]
    public required string Alias { get; init; }

    /// <summary>The version that it pointed at before; null for none.</summary>
    [JsonPropertyName("previous")]
    public int? Previous { get; init; }

    /// <summary>The version that it points at.</summary>
    [JsonPropertyName("current")]
    public required int Current { get; init; }
}

/// <summary><c>POST /api/v1/experiments/{experiment}/champion</c>.</summary>
public sealed record ChampionRequest
{
    /// <summary>The metric.</summary>
    [JsonPropertyName("metric"), JsonRequired]
    public string Metric { get; init; } = "";

    /// <summary><c>max</c> when more is better, <c>min</c> when less is.</summary>
    [JsonPropertyName("direction"), JsonRequired]
    public string Direction { get; init; } = "";

    /// <summary>The digest of the data set that counts, or its beginning; left out where all runs have the same.</summary>
    [JsonPropertyName("dataset")]
    public string? Dataset { get; init; }

    /// <summary>A filter of runs; left out for all.</summary>
    [JsonPropertyName("filter")]
    public string? Filter { get; init; }

    /// <summary>The alias to move to the version that the champion made.</summary>
    [JsonPropertyName("alias"), JsonRequired]
    public string Alias { get; init; } = "";
}
