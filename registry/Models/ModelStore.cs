using Larder.Inference.Sessions;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>
/// Reads and changes the documents of models and of their versions. Every change is a compare-and-swap of one document; what the next content is, the caller
/// decides, mostly by a pure function of <see cref="ModelDocument"/>.
/// </summary>
internal sealed class ModelStore
{
    private readonly AuditLog _log;
    private readonly Action<ModelName> _written;
    private readonly WarmModels? _warm;
    private readonly DocumentUpdater<ModelDocument> _models;
    private readonly DocumentUpdater<VersionDocument> _versions;

    /// <summary>The models of a document store.</summary>
    /// <param name="documents">The store.</param>
    /// <param name="log">Where the records of changes go.</param>
    /// <param name="written">Called with the name of a model whenever its document may have changed.</param>
    /// <param name="warm">Loads versions before a change gives them requests; null loads none.</param>
    public ModelStore(IDocumentStore documents, AuditLog log, Action<ModelName> written, WarmModels? warm)
    {
        (Documents, _log, _written, _warm) = (documents, log, written, warm);
        _models = new DocumentUpdater<ModelDocument>(documents, ModelCollections.Models, WriteAsync);
        _versions = new DocumentUpdater<VersionDocument>(documents, ModelCollections.Versions);
    }

    public IDocumentStore Documents { get; }

    /// <summary>A model's document, also that of a deleted model; null when the name was never used.</summary>
    public Task<Document<ModelDocument>?> FindAsync(ModelName name, CancellationToken cancellationToken) =>
        Documents.GetAsync(ModelCollections.Models, name, ModelCollections.ModelId, cancellationToken);

    /// <summary>The document of a model that exists.</summary>
    /// <exception cref="NotFoundException">There is no such model, or it is deleted.</exception>
    public async Task<Document<ModelDocument>> GetAsync(ModelName name, CancellationToken cancellationToken) =>
        Existing(name, await FindAsync(name, cancellationToken));

    /// <summary>Changes a model that exists.</summary>
    /// <param name="name">The model.</param>
    /// <param name="ifMatch">The ETag that its document must have, or several, separated by commas; null or <c>*</c> for any, and then a lost race is repeated.</param>
    /// <param name="change">Makes the next document; called again for every attempt. The same instance means that nothing is written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="PreconditionFailedException">It has another ETag.</exception>
    public async Task<(ModelDocument Before, Document<ModelDocument> After)> UpdateAsync(
        ModelName name, string? ifMatch, Func<ModelDocument, Task<ModelDocument>> change, CancellationToken cancellationToken)
    {
        var required = ifMatch == "*" ? null : ifMatch?.Split(',');
        ModelDocument? before = null;
        var after = await UpdateWarmAsync(name, TryAsync, cancellationToken);
        return (before!, after!);

        async Task<ModelDocument?> TryAsync(Document<ModelDocument>? read)
        {
            var existing = Existing(name, read);
            before = existing.Value;
            if (required?.Contains(existing.ETag) == false)
                throw new PreconditionFailedException($"The model {name} has changed since it was read: read it again.");
            return await change(before);
        }
    }

    /// <summary>Changes a model, or the document of a deleted one, or creates it.</summary>
    /// <param name="name">The model.</param>
    /// <param name="change">
    /// Makes the next document of the one that was read, null when there is none; called again for every attempt. The same instance, or null, means that nothing is
    /// written.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The document that is stored now; null when <paramref name="change"/> returned null.</returns>
    public Task<Document<ModelDocument>?> UpdateOrCreateAsync(ModelName name, Func<ModelDocument?, ModelDocument?> change, CancellationToken cancellationToken) =>
        UpdateWarmAsync(name, read => Task.FromResult(change(read?.Value)), cancellationToken);

    // A change that gives versions requests that had none is made in two rounds: the versions are loaded between them, not under the document's lock, since that takes longer
    // than a change.
    private async Task<Document<ModelDocument>?> UpdateWarmAsync(
        ModelName name, Func<Document<ModelDocument>?, Task<ModelDocument?>> change, CancellationToken cancellationToken)
    {
        var warmed = new HashSet<int>();
        while (true)
        {
            IReadOnlyList<ServableModel> cold = [];
            var after = await _models.UpdateAsync(name, ModelCollections.ModelId, Noun(name), TryAsync, cancellationToken);
            if (cold.Count == 0)
                return after;
            await _warm!(cold, cancellationToken);

            async Task<ModelDocument?> TryAsync(Document<ModelDocument>? read)
            {
                var next = await change(read);
                cold = _warm is null || next is null ? [] : await ColdAsync(read?.Value, next, warmed, cancellationToken);
                return cold.Count == 0 ? next : null;
            }
        }
    }

    private async Task<IReadOnlyList<ServableModel>> ColdAsync(ModelDocument? before, ModelDocument next, HashSet<int> warmed, CancellationToken cancellationToken)
    {
        var cold = new List<ServableModel>();
        foreach (var number in next.ServedAnew(before).Where(warmed.Add))
        {
            if (await FindVersionAsync(next, number, cancellationToken) is { IsServable: true } version)
                cold.Add(ResolvedModel.ServableOf(next.Name, next.Settings, version));
        }

        return cold;
    }

    /// <summary>
    /// Writes a model's document in the place of the one that was read, or of none; then the audit records that are in it. For an existing model this write is
    /// what makes a change, such as a new version, visible.
    /// </summary>
    /// <exception cref="ETagMismatchException">It was changed since it was read.</exception>
    /// <exception cref="DocumentExistsException">There was none, and there is one now.</exception>
    public async Task<Document<ModelDocument>> WriteAsync(Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellationToken)
    {
        var known = read?.Value.Outbox ?? new AuditOutbox();
        next = next with { Outbox = await _log.PrepareAsync(known, next.Outbox) };
        Document<ModelDocument> stored;
        try
        {
            stored = await Documents.WriteAsync(ModelCollections.Models, next.Name, ModelCollections.ModelId, read, next, cancellationToken);
        }
        finally
        {
            // Also after an error: the write may have been done all the same.
            _written(next.Name);
        }

        await _log.TryWriteAsync(next.Outbox, known.Last);
        return stored;
    }

    /// <summary>Writes the audit records that a crash may have left in a model's document to the log.</summary>
    /// <returns>How many were missing; null when one of them may still be missing.</returns>
    public Task<int?> CompleteAuditAsync(ModelDocument model) => _log.TryWriteAsync(model.Outbox, model.Outbox.Last);

    /// <summary>The document under a version number, whether the version is visible or not; null when the number is not taken.</summary>
    public Task<Document<VersionDocument>?> FindDocumentAsync(ModelName name, int number, CancellationToken cancellationToken) =>
        Documents.GetAsync(ModelCollections.Versions, name, ModelCollections.VersionId(number), cancellationToken);

    /// <summary>A version that is visible; null when there is none of that number.</summary>
    public async Task<ModelVersion?> FindVersionAsync(ModelDocument model, int number, CancellationToken cancellationToken) =>
        number >= 1 && model.IsVisible(number) ? (await FindDocumentAsync(model.Name, number, cancellationToken))?.Value.Version : null;

    /// <summary>The newest READY version below a number, optimised ones aside; null when there is none.</summary>
    public async Task<int?> NewestBelowAsync(ModelDocument model, int number, CancellationToken cancellationToken)
    {
        for (var below = number - 1; below > model.DeletedThrough; below--)
        {
            if (await FindVersionAsync(model, below, cancellationToken) is { IsDefaultByItself: true })
                return below;
        }

        return null;
    }

    /// <summary>Changes a version that is visible.</summary>
    /// <param name="model">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="change">Makes the next version; called again for every attempt. An equal version means that nothing is written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> UpdateVersionAsync(ModelDocument model, int number, Func<ModelVersion, ModelVersion> change, CancellationToken cancellationToken)
    {
        if (!model.IsVisible(number))
            return false;
        return await _versions.UpdateAsync(model.Name, ModelCollections.VersionId(number), Noun(model.Name), Change, cancellationToken) is not null;

        VersionDocument? Change(Document<VersionDocument>? read)
        {
            if (read?.Value.Version is not { } version)
                return null;
            var next = change(version);
            return next == version ? read.Value : read.Value with { Version = next };
        }
    }

    /// <summary>Empties the document of a version that the model's document lists as being deleted, then takes the number off that list.</summary>
    /// <returns>The model after it; null when there is none.</returns>
    public async Task<Document<ModelDocument>?> FinishDeletionAsync(ModelName name, int number, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await _versions.UpdateAsync(name, ModelCollections.VersionId(number), Noun(name), Empty, cancellationToken);
        return await UpdateOrCreateAsync(name, model => model?.FinishDeletion(number), cancellationToken);

        VersionDocument? Empty(Document<VersionDocument>? read) =>
            read?.Value.Version is null ? null : new VersionDocument { Deleted = now, PublicationKey = read.Value.PublicationKey };
    }

    private static Document<ModelDocument> Existing(ModelName name, Document<ModelDocument>? read) =>
        read is { Value.Deleted: false } ? read : throw new NotFoundException($"There is no model {name}.");

    private static string Noun(ModelName name) => $"the model {name}";
}

/// <summary>
/// Loads models and runs each once, before requests come for them. It does not throw when a model cannot be loaded, or not in time: the change that brings the requests goes on.
/// </summary>
/// <param name="models">The models, those first that are wanted most.</param>
/// <param name="cancellationToken">Cancels the operation.</param>
public delegate Task WarmModels(IReadOnlyList<ServableModel> models, CancellationToken cancellationToken);
