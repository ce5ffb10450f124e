using Larder.Registry.Errors;
using Larder.Registry.Search;

namespace Larder.Search;

/// <summary>What found items can be filtered and ordered by.</summary>
internal sealed class ItemSchema : SearchSchema<FoundItem>
{
    private static readonly string[] Attributes = ["kind", "id", "title", "model", "owner", "experiment", "state", "version_kind", "job_type", "created", "updated", "rating", "score"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> NaturalOrder { get; } = ["score DESC"];

    /// <inheritdoc/>
    public override string IdOf(FoundItem item) => item.Item.Key;

    /// <inheritdoc/>
    public override SearchField<FoundItem> Field(string? entity, string key) => entity switch
    {
        "tag" or "tags" => Text(item => item.Tags.GetValueOrDefault(key), "tag"),
        "param" or "params" or "parameter" or "parameters" => Text(item => item.Params.GetValueOrDefault(key), "parameter"),
        "metric" or "metrics" => new NumberField<FoundItem>(found => found.Item.Metrics.TryGetValue(key, out var value) ? value : null) { What = "metric" },
        null or "attribute" or "attributes" => Attribute(key),
        _ => throw new InvalidRequestException($"Invalid entity type '{entity}'. Valid values are ['metric', 'parameter', 'tag', 'attribute']"),
    };

    private static SearchField<FoundItem> Attribute(string key) => key switch
    {
        "kind" => Text(item => item.Kind),
        "id" => Text(item => item.Id),
        "title" => Text(item => item.Title),
        "model" => Text(item => item.Model),
        "owner" => Text(item => item.Owner),
        "experiment" => Text(item => item.Experiment),
        "state" => Text(item => item.State),
        "version_kind" => Text(item => item.VersionKind),
        "job_type" => Text(item => item.JobType),
        "created" => Number(found => found.Item.Created.ToUnixTimeMilliseconds()),
        "updated" => Number(found => found.Item.Updated.ToUnixTimeMilliseconds()),
        "rating" => Number(found => found.Item.Rating.Mean),
        "score" => Number(found => found.Score),
        _ => throw new InvalidRequestException($"Invalid attribute key '{key}' specified. Valid keys are '[{string.Join(", ", Attributes.Select(one => $"'{one}'"))}]'"),
    };

    private static TextField<FoundItem> Text(Func<SearchItem, string?> read, string what = "attribute") => new(found => read(found.Item)) { What = what };

    private static NumberField<FoundItem> Number(Func<FoundItem, double?> read) => new(read) { What = "attribute" };
}
