using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>
/// Gives versions their numbers and makes them visible. A number is taken by creating the version's document (create-only), and committed by the compare-and-swap
/// of the model's document that raises <see cref="ModelDocument.LastVersion"/>: until then no reader sees the version. When a publisher crashes between the two,
/// the next publisher or the garbage collector commits the number, so numbers have no gap.
/// </summary>
/// <remarks>
/// Idempotent publishing: before its first attempt under a key, a publisher stores the model's last number (a claim, create-only): the version of the key can only have
/// a higher one. Every attempt looks for the key among the numbers since, in order, before it takes the next; and since a number is taken only when all
/// numbers before it are committed, a publisher cannot take a second number for a key without finding the first.
/// </remarks>
internal sealed class VersionPublisher(ModelStore models, TimeProvider time)
{
    /// <summary>Publishes a version: takes the next number, then commits it.</summary>
    /// <param name="version">The version, whose artifact is stored.</param>
    /// <param name="cancellationToken">Cancels the operation; a number that was taken is then committed by the next publisher.</param>
    /// <returns>The model after it, and the version; for a key that was used before, the version that it has.</returns>
    /// <exception cref="ConflictException">The version of the key was deleted.</exception>
    public async Task<(Document<ModelDocument> Model, ModelVersion Version)> PublishAsync(NewVersion version, CancellationToken cancellationToken)
    {
        var (name, key) = (version.Model, version.KeyHash);
        var backoff = new Backoff($"the model {name}");
        var searchedThrough = key is null ? 0 : await ClaimAsync(name, key, version.Request.Fingerprint, cancellationToken);
        while (true)
        {
            // 1. The model, and under a key whether an earlier attempt has published the version.
            var read = await models.FindAsync(name, cancellationToken);
            if (key is not null && read is not null)
            {
                if (await FindPublishedAsync(read.Value, key, searchedThrough, cancellationToken) is { } published)
                    return (read, published);
                searchedThrough = read.Value.LastVersion;
            }

            // 2. The next number is taken.
            var document = new VersionDocument
            {
                Version = version.Numbered((read?.Value.LastVersion ?? 0) + 1, time.GetUtcNow()),
                PublicationKey = key,
            };
            if (!await TryTakeAsync(document, document.Version, cancellationToken))
            {
                // Another publisher has the number, or this very publication, before a crash or in another host. Most likely it is about to commit the number;
                // after a wait it is committed here, in case it has crashed.
                await backoff.NextAsync(cancellationToken);
                if (await CommitTakenAsync(version, document.Version.Version, cancellationToken) is { } committed)
                    return committed;
                continue;
            }

            // 3. The number is committed: from now on readers see the version.
            if (await CommitAsync(document, document.Version, version, cancellationToken) is { } model)
                return (model, document.Version);
        }
    }

    /// <summary>The version that was published under a key, once it is committed; null when there is none.</summary>
    /// <exception cref="ConflictException">It was deleted.</exception>
    /// <exception cref="InvalidRequestException">The key was used for another publication.</exception>
    public async Task<(Document<ModelDocument> Model, ModelVersion Version)?> FindByKeyAsync(ModelName name, string keyHash, string? fingerprint, CancellationToken cancellationToken)
    {
        if (await FindClaimAsync(name, keyHash, fingerprint, cancellationToken) is not { } claim || await models.FindAsync(name, cancellationToken) is not { } read)
            return null;
        return await FindPublishedAsync(read.Value, keyHash, claim.Value.After, cancellationToken) is { } version ? (read, version) : null;
    }

    /// <summary>
    /// Commits a number whose publisher may have crashed; does nothing when it is committed. If the model is deleted, the number is used up instead.
    /// </summary>
    public async Task CommitAsync(ModelName name, int number, CancellationToken cancellationToken)
    {
        var found = await models.FindDocumentAsync(name, number, cancellationToken);
        if (found?.Value.Version is { } version)
            await CommitAsync(found.Value, version, publication: null, cancellationToken);
    }

    /// <summary>Deletes the claims that were made before a time.</summary>
    /// <returns>How many.</returns>
    public async Task<int> CollectClaimsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var claim in models.Documents.ScanAllAsync(ModelCollections.Publications, 500, cancellationToken))
        {
            if (claim.Value.Created < before && await models.Documents.TryDeleteAsync(ModelCollections.Publications, claim, cancellationToken))
                removed++;
        }

        return removed;
    }

    /// <summary>The number above which the version of a key is: stored by the first attempt, read by all others.</summary>
    private async Task<int> ClaimAsync(ModelName name, string keyHash, string? fingerprint, CancellationToken cancellationToken)
    {
        if (await FindClaimAsync(name, keyHash, fingerprint, cancellationToken) is { } claim)
            return claim.Value.After;
        var after = (await models.FindAsync(name, cancellationToken))?.Value.LastVersion ?? 0;
        try
        {
            await models.Documents.CreateAsync(
                ModelCollections.Publications, name, keyHash, new PublicationDocument { After = after, Created = time.GetUtcNow(), Fingerprint = fingerprint }, cancellationToken);
            return after;
        }
        catch (DocumentExistsException)
        {
            return await ClaimAsync(name, keyHash, fingerprint, cancellationToken);
        }
    }

    private async Task<Document<PublicationDocument>?> FindClaimAsync(ModelName name, string keyHash, string? fingerprint, CancellationToken cancellationToken)
    {
        var found = await models.Documents.GetAsync(ModelCollections.Publications, name, keyHash, cancellationToken);
        return found is null || found.Value.Fingerprint == fingerprint
            ? found
            : throw new InvalidRequestException("This idempotency key was used for another upload: use a new key for each upload that is not the same.");
    }

    /// <summary>Looks for the version of a key among the committed numbers above <paramref name="after"/>.</summary>
    /// <exception cref="ConflictException">It was deleted.</exception>
    private async Task<ModelVersion?> FindPublishedAsync(ModelDocument model, string keyHash, int after, CancellationToken cancellationToken)
    {
        // Versions that went with the whole model leave nothing to search, and the next attempt publishes anew.
        for (var number = Math.Max(after, model.DeletedThrough) + 1; number <= model.LastVersion; number++)
        {
            var found = await models.FindDocumentAsync(model.Name, number, cancellationToken);
            // A number that was skipped never had a version.
            if (found?.Value.PublicationKey != keyHash || model.Skipped.Contains(number))
                continue;
            return !model.Deleted && model.IsVisible(number) && found.Value.Version is { } version
                ? version
                : throw new ConflictException($"What is to be published was version {number} of {model.Name}, and that was deleted.");
        }

        return null;
    }

    private async Task<bool> TryTakeAsync(VersionDocument document, ModelVersion version, CancellationToken cancellationToken)
    {
        try
        {
            await models.Documents.CreateAsync(
                ModelCollections.Versions, version.Model, ModelCollections.VersionId(version.Version), document, cancellationToken);
            return true;
        }
        catch (DocumentExistsException)
        {
            return false;
        }
    }

    /// <summary>Commits the version that has a number already.</summary>
    /// <returns>The model and the version, if it is that of the same key: then this publication is done. Otherwise null.</returns>
    private async Task<(Document<ModelDocument> Model, ModelVersion Version)?> CommitTakenAsync(NewVersion own, int number, CancellationToken cancellationToken)
    {
        if (own.KeyHash is not null
            && await models.FindDocumentAsync(own.Model, number, cancellationToken) is { Value: { Version: { } version } document }
            && document.PublicationKey == own.KeyHash
            && await CommitAsync(document, version, own, cancellationToken) is { } model)
        {
            return (model, version);
        }

        await CommitAsync(own.Model, number, cancellationToken);
        return null;
    }

    /// <summary>Commits the number of a version whose document is stored.</summary>
    /// <param name="document">The version's document.</param>
    /// <param name="version">The version in it.</param>
    /// <param name="publication">What its publisher changes of the model in the same write; null when another publisher, or the garbage collector, commits it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The model after it; null when the number went with a deleted model.</returns>
    private Task<Document<ModelDocument>?> CommitAsync(VersionDocument document, ModelVersion version, NewVersion? publication, CancellationToken cancellationToken) =>
        models.UpdateOrCreateAsync(
            version.Model,
            read =>
            {
                var committed = ModelDocument.Commit(read, version, isPublisher: publication is not null);
                // Committed by another publisher, and deleted since: then it stays as it was.
                return publication is null || committed is { Deleted: true } ? committed : committed?.Patch(publication.Request.ModelPatch, time.GetUtcNow(), publication.Request.Actor);
            },
            cancellationToken);
}
