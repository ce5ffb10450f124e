using Larder.Registry.Errors;
using Larder.Registry.Search;

namespace Larder.Tracking.Runs;

/// <summary>What runs can be searched by: MLflow's entities and attributes, with their other names.</summary>
internal sealed class RunSchema : SearchSchema<Run>
{
    private static readonly Dictionary<string, string> Entities = new()
    {
        ["metric"] = "metric", ["metrics"] = "metric",
        ["parameter"] = "parameter", ["parameters"] = "parameter", ["param"] = "parameter", ["params"] = "parameter",
        ["tag"] = "tag", ["tags"] = "tag",
        ["attribute"] = "attribute", ["attributes"] = "attribute", ["attr"] = "attribute", ["run"] = "attribute",
        ["dataset"] = "dataset", ["datasets"] = "dataset",
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string> NaturalOrder { get; } = ["start_time DESC", "run_id ASC"];

    /// <inheritdoc/>
    public override string IdOf(Run item) => item.Id;

    /// <inheritdoc/>
    public override SearchField<Run> Field(string? entity, string key)
    {
        if (!Entities.TryGetValue(entity ?? "attribute", out var kind))
            throw new InvalidRequestException($"Invalid entity type '{entity}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']");
        return kind switch
        {
            "metric" => new NumberField<Run>(run => run.Metrics.TryGetValue(key, out var point) ? point.Value : null) { What = kind },
            "parameter" => new TextField<Run>(run => run.Params.GetValueOrDefault(key)) { What = kind },
            "tag" => new TextField<Run>(run => run.Tags.GetValueOrDefault(key)) { What = kind },
            "dataset" => Dataset(key),
            _ => Attribute(key),
        };
    }

    private static SearchField<Run> Attribute(string key) => key switch
    {
        "run_id" => Text(run => run.Id),
        "run_name" or "run name" or "Run name" or "Run Name" => Text(run => run.Name),
        "status" => Text(run => RunStore.NameOf(run.Status)),
        "user_id" => Text(run => run.UserId),
        "artifact_uri" => Text(run => run.ArtifactUri),
        "experiment_id" => Text(run => run.ExperimentId),
        "start_time" or "created" or "Created" => new NumberField<Run>(run => run.StartTime) { What = "attribute" },
        "end_time" => new NumberField<Run>(run => run.EndTime) { What = "attribute" },
        _ => throw new InvalidRequestException(
            $"Invalid attribute key '{key}' specified. Valid keys are '['run_id', 'run_name', 'status', 'user_id', 'artifact_uri', 'experiment_id', 'start_time', 'end_time', 'created']'"),
    };

    private static TextField<Run> Text(Func<Run, string?> read) => new(read) { What = "attribute" };

    private static TextsField<Run> Dataset(string key) => key switch
    {
        "name" => Texts(run => run.Datasets.Select(dataset => dataset.Name)),
        "digest" => Texts(run => run.Datasets.Select(dataset => dataset.Digest)),
        "context" => Texts(run => run.Datasets.Select(dataset => dataset.Tags.GetValueOrDefault(DatasetInput.ContextTag)).OfType<string>()),
        _ => throw new InvalidRequestException($"Invalid dataset key '{key}' specified. Valid keys are '['name', 'digest', 'context']'"),
    };

    private static TextsField<Run> Texts(Func<Run, IEnumerable<string>> read) => new(read) { What = "dataset" };
}

/// <summary>A search for runs.</summary>
/// <param name="ExperimentIds">In these experiments.</param>
/// <param name="Filter">The filter; null for all.</param>
/// <param name="OrderBy">The order, before the natural one.</param>
/// <param name="View">Which by their lifecycle.</param>
/// <param name="Limit">The most runs of a page.</param>
/// <param name="Token">From the page before; null for the first page.</param>
public sealed record RunSearch(
    IReadOnlyList<string> ExperimentIds, string? Filter, IReadOnlyList<string> OrderBy, LifecycleView View, int Limit, string? Token);
