using System.Text.Json.Serialization;
using Larder.Tracking.Metrics;

namespace Larder.Tracking.Runs;

/// <summary>The state of a run: MLflow's <c>RunStatus</c>, with its names and numbers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>It runs.</summary>
    [JsonStringEnumMemberName("RUNNING")]
    Running = 1,

    /// <summary>It is to run later.</summary>
    [JsonStringEnumMemberName("SCHEDULED")]
    Scheduled = 2,

    /// <summary>It ended as it should.</summary>
    [JsonStringEnumMemberName("FINISHED")]
    Finished = 3,

    /// <summary>It failed.</summary>
    [JsonStringEnumMemberName("FAILED")]
    Failed = 4,

    /// <summary>It was stopped.</summary>
    [JsonStringEnumMemberName("KILLED")]
    Killed = 5,
}

/// <summary>A run: what one execution of code logged.</summary>
public sealed record Run
{
    /// <summary>Its id, 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its experiment's id.</summary>
    public required string ExperimentId { get; init; }

    /// <summary>Its name, also in the tag <c>mlflow.runName</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Who runs it, as the client said.</summary>
    public required string UserId { get; init; }

    /// <summary>Its state.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>When it began, in milliseconds since 1970.</summary>
    public required long StartTime { get; init; }

    /// <summary>When it ended, in milliseconds since 1970; null while it has not.</summary>
    public long? EndTime { get; init; }

    /// <summary>Where its artifacts are, as a URI.</summary>
    public required string ArtifactUri { get; init; }

    /// <summary>The job whose run it is: only the job changes it. Null for a run that a client created.</summary>
    public string? Job { get; init; }

    /// <summary>When it was deleted; null while it is active. It can be restored until it is purged.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>What it was given: each param is written once and never changed.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = new Dictionary<string, string>();

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Of each metric the last point.</summary>
    public IReadOnlyDictionary<string, MetricPoint> Metrics { get; init; } = new Dictionary<string, MetricPoint>();

    /// <summary>The data sets that it read.</summary>
    public IReadOnlyList<DatasetInput> Datasets { get; init; } = [];

    /// <summary>The ids of the logged models that it read.</summary>
    public IReadOnlyList<string> ModelInputs { get; init; } = [];

    /// <summary>The logged models that it made.</summary>
    public IReadOnlyList<ModelOutput> ModelOutputs { get; init; } = [];

    /// <summary>Whether it is not deleted.</summary>
    [JsonIgnore]
    public bool IsActive => DeletedAt is null;
}

/// <summary>A data set that a run read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest">A digest of its content: with the name, it tells data sets apart.</param>
/// <param name="SourceType">What kind of source it has.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Schema">Its schema; null for none.</param>
/// <param name="Profile">Figures about it; null for none.</param>
/// <param name="Tags">Tags of its use, such as <c>mlflow.data.context</c>.</param>
public sealed record DatasetInput(
    string Name, string Digest, string SourceType, string Source, string? Schema, string? Profile, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>The tag that says what the data set was used for.</summary>
    public const string ContextTag = "mlflow.data.context";
}

/// <summary>A logged model that a run made.</summary>
/// <param name="ModelId">Its id.</param>
/// <param name="Step">The step at which it was made.</param>
public sealed record ModelOutput(string ModelId, long Step);

/// <summary>Well-known tags.</summary>
public static class RunTags
{
    /// <summary>The run's name.</summary>
    public const string Name = "mlflow.runName";

    /// <summary>The run that this one is nested in.</summary>
    public const string Parent = "mlflow.parentRunId";

    /// <summary>Who runs it.</summary>
    public const string User = "mlflow.user";

    /// <summary>What ran: the name of a script.</summary>
    public const string SourceName = "mlflow.source.name";

    /// <summary>What kind of source that is.</summary>
    public const string SourceType = "mlflow.source.type";

    /// <summary>The models that a run logged, as JSON.</summary>
    public const string ModelHistory = "mlflow.log-model.history";
}
