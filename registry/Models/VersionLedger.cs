using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>
/// Gives versions their numbers and takes versions away. A number is taken by creating the version's document (create-only), and
/// counts from the moment that the model's document says so (compare-and-swap): until then no reader sees the version. Whoever dies between
/// the two is finished by the next publisher or by the sweeper, so numbers have no gap.
/// </summary>
internal sealed partial class VersionLedger(ModelDocuments models, TimeProvider time)
{
    private readonly IDocumentStore _store = models.Store;

    /// <summary>Gives a version its number and makes it visible.</summary>
    /// <param name="draft">The version, whose artifact is stored; its number and time are set here.</param>
    /// <param name="once">Hash of the key under which it is published once; null for without.</param>
    /// <param name="patch">What to change of the model in the same step.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ConflictException">The version of the key was deleted.</exception>
    public async Task<(Document<ModelDocument> Model, ModelVersion Version)> AddAsync(
        ModelVersion draft, string? once, Func<ModelDocument, ModelDocument> patch, CancellationToken cancellationToken)
    {
        var backoff = new Backoff($"the model {draft.Model}");
        var lookedAt = once is null ? 0 : await ClaimAsync(draft.Model, once, cancellationToken);
        while (true)
        {
            var read = await models.FindAsync(draft.Model, cancellationToken);
            if (once is not null && read is not null)
            {
                if (await FindPublishedAsync(read.Value, once, lookedAt, cancellationToken) is { } own)
                    return (read, own);
                lookedAt = read.Value.LastVersion;
            }

            var version = draft with { Version = (read?.Value.LastVersion ?? 0) + 1, Created = time.GetUtcNow() };
            var document = new VersionDocument
            {
                Version = version,
                Revives = read is { Value.Deleted: true } ? read.Value.DeletedThrough : null,
                Once = once,
            };
            try
            {
                await _store.CreateAsync(Collections.Versions, version.Model, Collections.VersionId(version.Version), document, cancellationToken);
            }
            catch (DocumentExistsException)
            {
                // Someone else has the number. Most likely they are about to count it; if they died, it is counted for them.
                // Or it was this very publication, before a crash or in another host.
                await backoff.NextAsync(cancellationToken);
                if (await CommitOwnAsync(version.Model, version.Version, once, patch, cancellationToken) is { } counted)
                    return counted;
                await CommitAsync(version.Model, version.Version, cancellationToken);
                continue;
            }

            if (await CommitAsync(version, document.Revives, patch, cancellationToken) is { } model)
                return (model, version);
        }
    }

    /// <summary>
    /// Counts a version whose publisher may have died before doing so; does nothing when it is counted. If the whole model was deleted
    /// since its publisher read it, the number is used up instead: nobody was told of the version, and the model must not come back by itself.
    /// </summary>
    public async Task CommitAsync(string model, int number, CancellationToken cancellationToken)
    {
        var found = await _store.GetAsync(Collections.Versions, model, Collections.VersionId(number), cancellationToken);
        if (found?.Value.Version is { } version)
            await CommitAsync(version, found.Value.Revives, patch: null, cancellationToken);
    }

    /// <summary>Whether a version exists; a document without content says that it did.</summary>
    public async Task<ModelVersion?> FindAsync(ModelDocument model, int number, CancellationToken cancellationToken)
    {
        if (number < 1 || !model.IsVisible(number))
            return null;
        var found = await _store.GetAsync(Collections.Versions, model.Name, Collections.VersionId(number), cancellationToken);
        return found?.Value.Version;
    }

    /// <summary>The newest READY version below a number, optimised ones aside.</summary>
    public async Task<int?> NewestBelowAsync(ModelDocument model, int number, CancellationToken cancellationToken)
    {
        for (var below = number - 1; below > model.DeletedThrough; below--)
        {
            if (await FindAsync(model, below, cancellationToken) is { IsDefaultByItself: true })
                return below;
        }

        return null;
    }

    /// <summary>The highest number that a document has taken, counted or not.</summary>
    public async Task<int> HighestTakenAsync(ModelDocument model, CancellationToken cancellationToken)
    {
        var next = model.LastVersion + 1;
        return await _store.GetAsync(Collections.Versions, model.Name, Collections.VersionId(next), cancellationToken) is null ? model.LastVersion : next;
    }

    /// <summary>Empties the document of a version that the model's document lists as being deleted, then takes it off that list.</summary>
    /// <returns>The model after it; null when there is none.</returns>
    public async Task<Document<ModelDocument>?> FinishDeletingAsync(string model, int number, CancellationToken cancellationToken)
    {
        var id = Collections.VersionId(number);
        var backoff = new Backoff($"the model {model}");
        while (await _store.GetAsync(Collections.Versions, model, id, cancellationToken) is { Value.Version: not null } found)
        {
            try
            {
                await _store.ReplaceAsync(
                    Collections.Versions, model, id, new VersionDocument { Deleted = time.GetUtcNow(), Once = found.Value.Once }, found.ETag, cancellationToken);
                break;
            }
            catch (ETagMismatchException)
            {
                await backoff.NextAsync(cancellationToken);
            }
        }

        return await models.ChangeAnyAsync(model, read => Task.FromResult(Finish(read?.Value)), cancellationToken);

        ModelDocument? Finish(ModelDocument? read) =>
            read is null || !read.Deleting.Contains(number) ? read : read with { Deleting = [.. read.Deleting.Where(other => other != number)] };
    }

    /// <summary>Makes a version count.</summary>
    /// <param name="version">The version, whose document is there.</param>
    /// <param name="revives"><see cref="VersionDocument.Revives"/>.</param>
    /// <param name="patch">What its publisher changes of the model in the same step; null when it is not the publisher who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The model after it; null when the whole model was deleted meanwhile, and the number with it.</returns>
    private Task<Document<ModelDocument>?> CommitAsync(
        ModelVersion version, int? revives, Func<ModelDocument, ModelDocument>? patch, CancellationToken cancellationToken)
    {
        return models.ChangeAnyAsync(version.Model, read => Task.FromResult(Count(read?.Value)), cancellationToken);

        ModelDocument? Count(ModelDocument? read)
        {
            var model = read ?? new ModelDocument { Name = version.Model, Created = version.Created, Updated = version.Created };

            // The number may even have been another's before, whose document is swept: it must not come back to life.
            if (version.Version <= model.DeletedThrough)
                return null;
            var deletedSince = model.Deleted && model.DeletedThrough != revives;
            var next = version.Version <= model.LastVersion ? model
                : patch is null && deletedSince ? model.SkipNumber(version.Version)
                : model.Publish(version);
            return patch?.Invoke(next) ?? next;
        }
    }
}
