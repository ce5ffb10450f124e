using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Tracking.LoggedModels;

/// <summary>The state of a logged model: MLflow's <c>LoggedModelStatus</c>, with its numbers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoggedModelStatus>))]
public enum LoggedModelStatus
{
    /// <summary>Its files are being logged.</summary>
    [JsonStringEnumMemberName("PENDING")]
    Pending = 1,

    /// <summary>Its files are there.</summary>
    [JsonStringEnumMemberName("READY")]
    Ready = 2,

    /// <summary>Its files could not be logged.</summary>
    [JsonStringEnumMemberName("FAILED")]
    Failed = 3,
}

/// <summary>A logged model: the files of a model, with what it was made with and what was measured with it.</summary>
public sealed record LoggedModel
{
    /// <summary>Its id: <c>m-</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its experiment's id.</summary>
    public required string ExperimentId { get; init; }

    /// <summary>Its name, which others may have too.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of model it is, as the client said; null where it did not.</summary>
    public string? ModelType { get; init; }

    /// <summary>The run that made it; null for none.</summary>
    public string? SourceRunId { get; init; }

    /// <summary>The job whose run made it: only the job logs to it. Null where that run is none of a job.</summary>
    public string? Job { get; init; }

    /// <summary>Its state.</summary>
    public required LoggedModelStatus Status { get; init; }

    /// <summary>Where its files are, as a URI.</summary>
    public required string ArtifactUri { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    public required long CreationTime { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    public required long LastUpdateTime { get; init; }

    /// <summary>What it was made with: each param is written once and never changed.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = new Dictionary<string, string>();

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>What runs measured with it: of each metric, data set and run the newest point.</summary>
    public IReadOnlyList<LoggedModelMetric> Metrics { get; init; } = [];

    /// <summary>When it was deleted; null while it is active.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Whether it is being deleted for good: nothing sees it any more.</summary>
    public bool IsPurging { get; init; }

    /// <summary>Counts the changes, so that a later state is told from an earlier one.</summary>
    public long Revision { get; init; }

    /// <summary>Whether it is not deleted.</summary>
    [JsonIgnore]
    public bool IsActive => DeletedAt is null;
}

/// <summary>A point of a metric that a run measured with a logged model.</summary>
/// <param name="Key">The metric's name.</param>
/// <param name="RunId">The run.</param>
/// <param name="Point">The point.</param>
public sealed record LoggedModelMetric(string Key, string RunId, MetricPoint Point)
{
    /// <summary>Whether it was measured on a data set.</summary>
    internal bool IsOn(LoggedModelDataset dataset) =>
        (dataset.Name is null || Point.Source?.DatasetName == dataset.Name) && (dataset.Digest is null || Point.Source?.DatasetDigest == dataset.Digest);

    /// <summary>Whether it is of the same metric, data set and run as another.</summary>
    internal bool IsLike(LoggedModelMetric other) =>
        (Key, RunId, Point.Source?.DatasetName, Point.Source?.DatasetDigest) == (other.Key, other.RunId, other.Point.Source?.DatasetName, other.Point.Source?.DatasetDigest);
}

/// <summary>Ids of logged models: that of a run behind <c>m-</c>, so that a model too is found by its id alone, in the partition of its experiment.</summary>
internal static class LoggedModelId
{
    private const string Prefix = "m-";

    /// <summary>A new model's id.</summary>
    public static string New(string experimentId) => Prefix + RunId.New(experimentId);

    /// <summary>Whether a model can have the id; no run can.</summary>
    public static bool Is(string id) => TryExperiment(id, out _);

    /// <summary>The experiment of a model; false when no model can have the id.</summary>
    public static bool TryExperiment(string id, [NotNullWhen(true)] out string? experimentId)
    {
        experimentId = null;
        return id.StartsWith(Prefix, StringComparison.Ordinal) && id[Prefix.Length..] is var ofRun && ofRun.All(char.IsAsciiHexDigitLower) && RunId.TryExperiment(ofRun, out experimentId);
    }
}
