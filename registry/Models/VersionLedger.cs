namespace Larder.Registry;

/// <summary>
/// Gives versions their numbers and takes versions away. A number is taken by creating the version's document (create-only), and
/// counts from the moment that the model's document says so (compare-and-swap): until then no reader sees the version. Whoever dies between
/// the two is finished by the next publisher or by the sweeper, so numbers have no gap.
/// </summary>
internal sealed partial class VersionLedger(ModelDocuments models, TimeProvider time)
{
    private readonly IDocumentStore store = models.Store;

    /// <summary>Gives a version its number and makes it visible.</summary>
    /// <param name="draft">The version, whose artifact is stored; its number and time are set here.</param>
    /// <param name="once">Hash of the key under which it is published once; null for without.</param>
    /// <param name="patch">What to change of the model in the same step.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ConflictException">The version of the key was deleted.</exception>
    public async Task<(Document<ModelDocument> Model, ModelVersion Version)> AddAsync(
        ModelVersion draft, string? once, Func<ModelDocument, ModelDocument> patch, CancellationToken cancellation)
    {
        var backoff = new Backoff($"the model {draft.Model}");
        var lookedAt = once is null ? 0 : await ClaimAsync(draft.Model, once, cancellation);
        while (true)
        {
            var read = await models.FindAsync(draft.Model, cancellation);
            if (once is not null && read is not null)
            {
                if (await FindOwnAsync(read.Value, once, lookedAt, cancellation) is { } own)
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
                await store.CreateAsync(Collections.Versions, version.Model, Collections.VersionId(version.Version), document, cancellation);
            }
            catch (DocumentExistsException)
            {
                // Someone else has the number. Most likely they are about to count it; if they died, it is counted for them.
                // Or it was this very publication, before a crash or in another host.
                await backoff.NextAsync(cancellation);
                if (await CountOwnAsync(version.Model, version.Version, once, patch, cancellation) is { } counted)
                    return counted;
                await CountAsync(version.Model, version.Version, cancellation);
                continue;
            }

            if (await CountAsync(version, document.Revives, patch, cancellation) is { } model)
                return (model, version);
        }
    }

    /// <summary>
    /// Counts a version whose publisher may have died before doing so; does nothing when it is counted. If the whole model was deleted
    /// since its publisher read it, the number is used up instead: nobody was told of the version, and the model must not come back by itself.
    /// </summary>
    public async Task CountAsync(string model, int number, CancellationToken cancellation)
    {
        var found = await store.GetAsync(Collections.Versions, model, Collections.VersionId(number), cancellation);
        if (found?.Value.Version is { } version)
            await CountAsync(version, found.Value.Revives, patch: null, cancellation);
    }

    /// <summary>Whether a version exists; a document without content says that it did.</summary>
    public async Task<ModelVersion?> FindAsync(ModelDocument model, int number, CancellationToken cancellation)
    {
        if (number < 1 || !model.Shows(number))
            return null;
        var found = await store.GetAsync(Collections.Versions, model.Name, Collections.VersionId(number), cancellation);
        return found?.Value.Version;
    }

    /// <summary>The newest READY version below a number, optimised ones aside.</summary>
    public async Task<int?> NewestBelowAsync(ModelDocument model, int number, CancellationToken cancellation)
    {
        for (var below = number - 1; below > model.DeletedThrough; below--)
        {
            if (await FindAsync(model, below, cancellation) is { IsDefaultByItself: true })
                return below;
        }

        return null;
    }

    /// <summary>The highest number that a document has taken, counted or not.</summary>
    public async Task<int> HighestTakenAsync(ModelDocument model, CancellationToken cancellation)
    {
        var next = model.LastVersion + 1;
        return await store.GetAsync(Collections.Versions, model.Name, Collections.VersionId(next), cancellation) is null ? model.LastVersion : next;
    }

    /// <summary>Empties the document of a version that the model's document lists as being deleted, then takes it off that list.</summary>
    /// <returns>The model after it; null when there is none.</returns>
    public async Task<Document<ModelDocument>?> FinishDeletingAsync(string model, int number, CancellationToken cancellation)
    {
        var id = Collections.VersionId(number);
        var backoff = new Backoff($"the model {model}");
        while (await store.GetAsync(Collections.Versions, model, id, cancellation) is { Value.Version: not null } found)
        {
            try
            {
                await store.ReplaceAsync(
                    Collections.Versions, model, id, new VersionDocument { Deleted = time.GetUtcNow(), Once = found.Value.Once }, found.ETag, cancellation);
                break;
            }
            catch (ETagMismatchException)
            {
                await backoff.NextAsync(cancellation);
            }
        }

        return await models.ChangeAnyAsync(model, read => Task.FromResult(Finish(read?.Value)), cancellation);

        ModelDocument? Finish(ModelDocument? read) =>
            read is null || !read.Deleting.Contains(number) ? read : read with { Deleting = [.. read.Deleting.Where(other => other != number)] };
    }

    /// <summary>Makes a version count.</summary>
    /// <param name="version">The version, whose document is there.</param>
    /// <param name="revives"><see cref="VersionDocument.Revives"/>.</param>
    /// <param name="patch">What its publisher changes of the model in the same step; null when it is not the publisher who asks.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The model after it; null when the whole model was deleted meanwhile, and the number with it.</returns>
    private Task<Document<ModelDocument>?> CountAsync(
        ModelVersion version, int? revives, Func<ModelDocument, ModelDocument>? patch, CancellationToken cancellation)
    {
        return models.ChangeAnyAsync(version.Model, read => Task.FromResult(Count(read?.Value)), cancellation);

        ModelDocument? Count(ModelDocument? read)
        {
            var model = read ?? new ModelDocument { Name = version.Model, Created = version.Created, Updated = version.Created };

            // The number may even have been another's before, whose document is swept: it must not come back to life.
            if (version.Version <= model.DeletedThrough)
                return null;
            var deletedSince = model.Deleted && model.DeletedThrough != revives;
            var next = version.Version <= model.LastVersion ? model
                : patch is null && deletedSince ? model.UseUp(version.Version)
                : model.Count(version);
            return patch?.Invoke(next) ?? next;
        }
    }
}
