using Larder.Registry.Audit;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>
/// Models, their versions and aliases: everything but publishing (<see cref="ModelPublisher"/>) and what a prediction needs on every request
/// (<see cref="ModelCatalog"/>).
/// </summary>
/// <remarks>
/// Every change is one compare-and-swap. With <c>ifMatch</c>, the <see cref="Model.ETag"/> that the caller read, it throws
/// <see cref="PreconditionFailedException"/> when the model has changed since; without it, or with <c>*</c>, races are run again. <c>actor</c> is who
/// asks, for the audit log. Names are validated before any I/O (<see cref="InvalidRequestException"/>). All methods throw
/// <see cref="StorageUnavailableException"/> during an outage.
/// </remarks>
public sealed partial class ModelRegistry
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private readonly ModelDocuments _models;
    private readonly TimeProvider _time;

    /// <summary>A registry on a document store.</summary>
    public ModelRegistry(IDocumentStore documents, TimeProvider time, AuditLog log)
    {
        _models = new ModelDocuments(documents, log, name => Changed?.Invoke(name));
        Ledger = new VersionLedger(_models, time);
        _time = time;
    }

    /// <summary>
    /// Raised with a model's name whenever this process wrote, or tried to write, anything of it. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<string>? Changed;

    internal VersionLedger Ledger { get; }

    internal IDocumentStore Documents => _models.Store;

    internal ModelDocuments ModelDocuments => _models;

    /// <summary>Puts the records into the log that a crash may have left in a model's document.</summary>
    internal async Task CompleteAuditAsync(string name, CancellationToken cancellationToken)
    {
        if (await _models.FindAsync(name, cancellationToken) is { } model)
            await _models.CompleteAuditAsync(model.Value);
    }

    /// <inheritdoc cref="CompleteAuditAsync(string, CancellationToken)"/>
    /// <returns>How many were missing.</returns>
    internal async Task<int> CompleteAuditAsync(ModelDocument model) => await _models.CompleteAuditAsync(model) ?? 0;

    /// <summary>Returns when the store answers; for readiness.</summary>
    public Task PingAsync(CancellationToken cancellationToken = default) => _models.FindAsync("ping", cancellationToken);

    /// <summary>The models, by name.</summary>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<Page<Model>> ListAsync(int limit, string? cursor = null, CancellationToken cancellationToken = default) =>
        PageAsync(
            limit,
            cursor,
            (most, from) => Documents.ScanAsync(Collections.Models, most, from, cancellationToken),
            found => found.Value.Deleted ? null : found.Value.View(found.ETag));

    /// <summary>A model.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public async Task<Model> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        var found = await _models.GetAsync(name, cancellationToken);
        return found.Value.View(found.ETag);
    }

    /// <summary>The versions of a model, the oldest first.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public async Task<Page<ModelVersion>> ListVersionsAsync(
        string name, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        var model = (await _models.GetAsync(name, cancellationToken)).Value;
        return await PageAsync(
            limit,
            cursor,
            (most, from) => Documents.ListAsync(Collections.Versions, name, most, from, cancellationToken),
            found => model.IsVisible(Collections.VersionNumber(found.Id)) ? found.Value.Version : null);
    }

    /// <summary>A version.</summary>
    /// <exception cref="NotFoundException">There is no such model, or no such version of it.</exception>
    public async Task<ModelVersion> GetVersionAsync(string name, int version, CancellationToken cancellationToken = default) =>
        (await ResolveAsync(new ModelReference(name, version), cancellationToken)).Version;

    /// <summary>What a reference stands for now.</summary>
    /// <exception cref="NotFoundException">Nothing.</exception>
    public async Task<ResolvedModel> ResolveAsync(ModelReference reference, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(reference.Name);
        Document<ModelDocument>? before = null;
        while (true)
        {
            var model = await _models.GetAsync(reference.Name, cancellationToken);
            var number = Number(model.Value, reference);
            if (await Ledger.FindAsync(model.Value, number, cancellationToken) is { } version)
                return new ResolvedModel(model.Value.View(model.ETag), version);

            // An alias or the default can lose its version between the two reads; the model then reads differently.
            if (reference.Version is not null || before?.ETag == model.ETag)
                throw NoVersion(reference.Name, number);
            before = model;
        }
    }

    private static int? Target(ModelDocument model, string alias) => model.Aliases.TryGetValue(alias, out var version) ? version : null;

    private static int Number(ModelDocument model, ModelReference reference)
    {
        if (reference.Version is { } version)
            return version;
        if (reference.Alias is { } alias && alias != ModelName.Default)
            return Target(model, alias) ?? throw NoAlias(model.Name, alias);
        return model.ServedVersion ?? throw new NotFoundException($"The model {model.Name} has no version that is ready.");
    }

    private static NotFoundException NoVersion(string name, int version) => new($"The model {name} has no version {version}.");

    private static NotFoundException NoAlias(string name, string alias) => new($"The model {name} has no alias {alias}.");

    private static async Task<Page<TItem>> PageAsync<TDocument, TItem>(
        int limit,
        string? cursor,
        Func<int, string?, Task<DocumentPage<TDocument>>> read,
        Func<Document<TDocument>, TItem?> item)
        where TItem : class
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var items = new List<TItem>();
        do
        {
            var page = await read(limit, cursor);
            items.AddRange(page.Documents.Select(item).OfType<TItem>());
            cursor = page.Continuation;
        }
        while (cursor is not null && items.Count == 0);
        return new Page<TItem>(items, cursor);
    }
}
