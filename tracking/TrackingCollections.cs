using Larder.Registry.Storage;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Tracking;

/// <summary>Where documents of the tracking room are.</summary>
internal static class TrackingCollections
{
    /// <summary>The partition of all experiments: they are searched together.</summary>
    public const string AllExperiments = "all";

    /// <summary>The id of the claim of an experiment's name.</summary>
    public const string NameId = "name";

    /// <summary>Experiments: one partition, by id.</summary>
    public static DocumentCollection<Experiment> Experiments { get; } = RegistryJson.Collection<Experiment>("experiments");

    /// <summary>Names of experiments: a partition for each name, by its hash.</summary>
    public static DocumentCollection<ExperimentName> Names { get; } = RegistryJson.Collection<ExperimentName>("experiment-names");

    /// <summary>Runs: a partition for each experiment, by run id.</summary>
    public static DocumentCollection<RunDocument> Runs { get; } = RegistryJson.Collection<RunDocument>("runs") with { IsListedWhole = true };

    /// <summary>Points of metrics that left the run's document: a partition for each run, by the chunk's id.</summary>
    public static DocumentCollection<MetricChunk> Chunks { get; } = RegistryJson.Collection<MetricChunk>("run-metrics");

    /// <summary>Logged models: a partition for each experiment, by model id.</summary>
    public static DocumentCollection<LoggedModel> LoggedModels { get; } = RegistryJson.Collection<LoggedModel>("logged-models") with { IsListedWhole = true };

    /// <summary>Files and folders of runs and logged models: a partition for each folder, by their names.</summary>
    public static DocumentCollection<ArtifactDocument> Artifacts { get; } = RegistryJson.Collection<ArtifactDocument>("run-artifacts");

    /// <summary>The partition of a name.</summary>
    public static string NamePartition(string name) => TextHash.Of(name);
}
