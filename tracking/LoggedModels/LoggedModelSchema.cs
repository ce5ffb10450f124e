using System.Globalization;
using Larder.Registry.Errors;
using Larder.Registry.Search;

namespace Larder.Tracking.LoggedModels;

/// <summary>A data set on which a metric was measured.</summary>
/// <param name="Name">Its name; null for any.</param>
/// <param name="Digest">Its digest; null for any.</param>
public sealed record LoggedModelDataset(string? Name, string? Digest);

/// <summary>A part of an order of logged models.</summary>
/// <param name="Field">The field, as <c>name</c> or <c>metrics.loss</c>; behind the first dot all is the key.</param>
/// <param name="IsAscending">The direction.</param>
/// <param name="Dataset">For a metric: the data set whose value counts; null for all.</param>
public sealed record LoggedModelOrder(string Field, bool IsAscending, LoggedModelDataset? Dataset);

/// <summary>A search for logged models.</summary>
/// <param name="ExperimentIds">In these experiments.</param>
/// <param name="Filter">The filter; null for all.</param>
/// <param name="Datasets">The data sets on which the filter's metrics were measured, one of which a model must have; empty for all.</param>
/// <param name="OrderBy">The order, before the natural one.</param>
/// <param name="Limit">The most models of a page.</param>
/// <param name="Token">From the page before; null for the first page.</param>
public sealed record LoggedModelSearch(
    IReadOnlyList<string> ExperimentIds, string? Filter, IReadOnlyList<LoggedModelDataset> Datasets, IReadOnlyList<LoggedModelOrder> OrderBy, int Limit, string? Token);

/// <summary>What logged models can be searched by, in one search.</summary>
internal sealed class LoggedModelSchema(LoggedModelSearch search) : SearchSchema<LoggedModel>
{
    // The key is a number in the search's order, since a text has no place for a data set.
    private const string Ordered = "order";

    /// <inheritdoc/>
    public override IReadOnlyList<string> NaturalOrder { get; } = ["creation_time DESC", "model_id ASC"];

    /// <summary>The search's order as texts.</summary>
    /// <exception cref="InvalidRequestException">A field cannot be one.</exception>
    public IReadOnlyList<string> OrderBy { get; } = [.. search.OrderBy.Select((order, i) => $"{TextOf(order, i)} {(order.IsAscending ? "ASC" : "DESC")}")];

    /// <inheritdoc/>
    public override string IdOf(LoggedModel item) => item.Id;

    /// <inheritdoc/>
    public override SearchField<LoggedModel> Field(string? entity, string key) => entity switch
    {
        "metric" or "metrics" => Metric(key, search.Datasets),
        "param" or "params" or "parameter" or "parameters" => new TextField<LoggedModel>(model => model.Params.GetValueOrDefault(key)) { What = "parameter" },
        "tag" or "tags" => new TextField<LoggedModel>(model => model.Tags.GetValueOrDefault(key)) { What = "tag" },
        null or "attribute" or "attributes" or "attr" => Attribute(key),
        Ordered when int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < search.OrderBy.Count && search.OrderBy[i] is { Dataset: { } dataset } order =>
            Metric(KeyOf(order.Field), [dataset]),
        _ => throw new InvalidRequestException($"Invalid entity type '{entity}'. Valid values are ['metric', 'parameter', 'tag', 'attribute']"),
    };

    private static string TextOf(LoggedModelOrder order, int index)
    {
        if (order.Field.Split('.', 2) is not [var entity, var key])
            return order.Field;
        if (order.Dataset is not null && entity is "metric" or "metrics")
            return string.Create(CultureInfo.InvariantCulture, $"{Ordered}.{index}");
        return key.Contains('`') ? throw new InvalidRequestException($"Invalid order by field name: {order.Field}") : $"{entity}.`{key}`";
    }

    private static string KeyOf(string field) => field[(field.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static NumberField<LoggedModel> Metric(string key, IReadOnlyList<LoggedModelDataset> datasets) => new(model => Newest(model, key, datasets)) { What = "metric" };

    // Of several data sets and runs the newest value counts.
    private static double? Newest(LoggedModel model, string key, IReadOnlyList<LoggedModelDataset> datasets) => model.Metrics
        .Where(metric => metric.Key == key && (datasets.Count == 0 || datasets.Any(metric.IsOn)))
        .OrderBy(metric => metric.Point.Timestamp).ThenBy(metric => metric.Point.Step)
        .LastOrDefault()?.Point.Value;

    private static SearchField<LoggedModel> Attribute(string key) => key switch
    {
        "name" => Text(model => model.Name),
        "model_id" => Text(model => model.Id),
        "model_type" => Text(model => model.ModelType),
        "status" => Text(model => LoggedModelStore.NameOf(model.Status)),
        "source_run_id" => Text(model => model.SourceRunId),
        "experiment_id" => Text(model => model.ExperimentId),
        "creation_time" or "creation_timestamp" or "creation_timestamp_ms" => new NumberField<LoggedModel>(model => model.CreationTime) { What = "attribute" },
        "last_updated_time" or "last_updated_timestamp" or "last_updated_timestamp_ms" => new NumberField<LoggedModel>(model => model.LastUpdateTime) { What = "attribute" },
        _ => throw new InvalidRequestException(
            $"Invalid attribute key '{key}' specified. Valid keys are '['name', 'model_id', 'model_type', 'status', 'source_run_id', 'experiment_id', 'creation_time', 'last_updated_time']'"),
    };

    private static TextField<LoggedModel> Text(Func<LoggedModel, string?> read) => new(read) { What = "attribute" };
}
