using Larder.Registry.Errors;
using Larder.Registry.Search;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>Searches models and versions by filter and order (<see cref="SearchQuery{T}"/>).</summary>
/// <remarks>
/// It reads all models, or all versions; a search whose filter asks for the versions of one name (<c>name = 'x'</c>) reads those of that model alone. Memory: the items that fit.
/// </remarks>
/// <param name="registry">The models.</param>
public sealed class ModelSearch(ModelRegistry registry)
{
    private const int PageSize = 500;

    private static readonly ModelSchema Models = new();
    private static readonly VersionSchema Versions = new();

    private readonly IDocumentStore _documents = registry.Documents;

    /// <summary>A page of models.</summary>
    /// <param name="search">The search.</param>
    /// <param name="isShown">Whether a model may be shown to the caller.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">Filter, order or token is not valid.</exception>
    public async Task<Page<Model>> ModelsAsync(RegistrySearch search, Func<Model, bool> isShown, CancellationToken cancellationToken = default)
    {
        var query = search.Compile(Models);
        var found = new List<Model>();
        await foreach (var document in _documents.ScanAllAsync(ModelCollections.Models, PageSize, cancellationToken))
        {
            if (Shown(document, isShown) is { } model && query.Fits(model))
                found.Add(model);
        }

        return query.Page(found, search.Limit, search.Token);
    }

    /// <summary>A page of versions.</summary>
    /// <inheritdoc cref="ModelsAsync"/>
    public async Task<Page<VersionOfModel>> VersionsAsync(RegistrySearch search, Func<Model, bool> isShown, CancellationToken cancellationToken = default)
    {
        var query = search.Compile(Versions);
        var found = new List<VersionOfModel>();
        if (query.Required(VersionSchema.Name) is { } name)
        {
            if (ModelName.IsWellFormed(name) && await _documents.GetAsync(ModelCollections.Models, name, ModelCollections.ModelId, cancellationToken) is { } one)
                await AddAsync(one);
        }
        else
        {
            await foreach (var document in _documents.ScanAllAsync(ModelCollections.Models, PageSize, cancellationToken))
                await AddAsync(document);
        }

        return query.Page(found, search.Limit, search.Token);

        async Task AddAsync(Document<ModelDocument> document)
        {
            if (document.Value.LastVersion == document.Value.DeletedThrough || Shown(document, isShown) is not { } model)
                return;
            await foreach (var version in _documents.ListAllAsync(ModelCollections.Versions, model.Name, PageSize, cancellationToken))
            {
                if (document.Value.IsVisible(ModelCollections.VersionNumber(version.Id)) && version.Value.Version is { } content && new VersionOfModel(model, content) is var one && query.Fits(one))
                    found.Add(one);
            }
        }
    }

    private static Model? Shown(Document<ModelDocument> document, Func<Model, bool> isShown) =>
        !document.Value.Deleted && document.Value.View(document.ETag) is var model && isShown(model) ? model : null;

    private static SearchField<T> Text<T>(Func<T, string?> read) => new TextField<T>(read) { What = "attribute" };

    private static SearchField<T> Number<T>(Func<T, double?> read) => new NumberField<T>(read) { What = "attribute" };

    private static double Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static SearchField<T>? Tag<T>(string? entity, string key, Func<T, IReadOnlyDictionary<string, string>> tags) => entity switch
    {
        "tag" or "tags" => new TextField<T>(item => tags(item).GetValueOrDefault(key)) { What = "tag" },
        null or "attribute" or "attributes" => null,
        _ => throw new InvalidRequestException($"Invalid entity type '{entity}'. Valid values are ['tag', 'attribute']"),
    };

    private static InvalidRequestException NoAttribute(string key, params string[] known) =>
        new($"Invalid attribute key '{key}' specified. Valid keys are '[{string.Join(", ", known.Select(one => $"'{one}'"))}]'");

    private sealed class ModelSchema : SearchSchema<Model>
    {
        public override IReadOnlyList<string> NaturalOrder { get; } = ["name ASC"];

        public override string IdOf(Model item) => item.Name;

        public override SearchField<Model> Field(string? entity, string key) => Tag<Model>(entity, key, model => model.Tags) ?? key switch
        {
            "name" => Text<Model>(model => model.Name),
            "creation_timestamp" => Number<Model>(model => Milliseconds(model.Created)),
            "last_updated_timestamp" => Number<Model>(model => Milliseconds(model.Updated)),
            _ => throw NoAttribute(key, "name", "creation_timestamp", "last_updated_timestamp"),
        };
    }

    private sealed class VersionSchema : SearchSchema<VersionOfModel>
    {
        public const string Name = "name";

        public override IReadOnlyList<string> NaturalOrder { get; } = ["name ASC", "version_number DESC"];

        public override string IdOf(VersionOfModel item) => $"{item.Version.Model}:{ModelCollections.VersionId(item.Version.Version)}";

        public override SearchField<VersionOfModel> Field(string? entity, string key) => Tag<VersionOfModel>(entity, key, item => item.Version.Tags) ?? key switch
        {
            Name => Text<VersionOfModel>(item => item.Version.Model),
            "version_number" => Number<VersionOfModel>(item => item.Version.Version),
            "run_id" => Text<VersionOfModel>(item => item.Version.Run),
            "source_path" => Text<VersionOfModel>(item => item.Version.Source),
            "creation_timestamp" => Number<VersionOfModel>(item => Milliseconds(item.Version.Created)),
            "last_updated_timestamp" => Number<VersionOfModel>(item => Milliseconds(item.Version.Updated ?? item.Version.Created)),
            _ => throw NoAttribute(key, Name, "version_number", "run_id", "source_path", "creation_timestamp", "last_updated_timestamp"),
        };
    }
}

/// <summary>A version, with its model as it was when it was read.</summary>
/// <param name="Model">The model, with its aliases.</param>
/// <param name="Version">The version.</param>
public readonly record struct VersionOfModel(Model Model, ModelVersion Version);

/// <summary>A search for models or versions.</summary>
/// <param name="Filter">The filter; null or empty for all.</param>
/// <param name="OrderBy">The order, before the natural one.</param>
/// <param name="Limit">The most items of a page.</param>
/// <param name="Token">From the page before; null for the first page.</param>
public sealed record RegistrySearch(string? Filter, IReadOnlyList<string> OrderBy, int Limit, string? Token)
{
    internal SearchQuery<T> Compile<T>(SearchSchema<T> schema)
    {
        var names = OrderBy.Select(SearchSyntax.ParseOrder).Select(part => (part.Name.Entity, part.Name.Key)).ToList();
        return names.Distinct().Count() == names.Count
            ? new SearchQuery<T>(schema, Filter, OrderBy)
            : throw new InvalidRequestException($"`order_by` contains duplicate fields: [{string.Join(", ", names.Select(name => $"'{name.Key}'"))}]");
    }
}
