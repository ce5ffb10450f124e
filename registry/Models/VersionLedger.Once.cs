using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>
/// Publishing once under a key. Before its first try, a publisher writes down the last number that the model had then (a claim, create-only): the
/// key's version can only have a higher one. Every try then looks at the numbers since, in order, before it takes the next; and since a number is taken
/// only when all before it are counted, nobody can take a second one without coming across the first.
/// </summary>
internal sealed partial class VersionLedger
{
    /// <summary>The version of a key, when it is counted.</summary>
    /// <exception cref="ConflictException">It was deleted.</exception>
    public async Task<(Document<ModelDocument> Model, ModelVersion Version)?> FindByKeyAsync(string model, string once, CancellationToken cancellationToken)
    {
        if (await _store.GetAsync(Collections.Publications, model, once, cancellationToken) is not { } claim
            || await models.FindAsync(model, cancellationToken) is not { } read)
        {
            return null;
        }

        return await FindPublishedAsync(read.Value, once, claim.Value.After, cancellationToken) is { } version ? (read, version) : null;
    }

    /// <summary>Removes claims from before a time.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepClaimsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var claim in _store.ScanAllAsync(Collections.Publications, 500, cancellationToken))
        {
            if (claim.Value.Created < before && await _store.TryDeleteAsync(Collections.Publications, claim, cancellationToken))
                removed++;
        }

        return removed;
    }

    /// <summary>Changes what a version says of itself.</summary>
    /// <param name="model">The model.</param>
    /// <param name="number">The version.</param>
    /// <param name="change">What to make of it; called again for every try. An equal version means that nothing is to be written.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False when there is no such version.</returns>
    public async Task<bool> ChangeAsync(ModelDocument model, int number, Func<ModelVersion, ModelVersion> change, CancellationToken cancellationToken)
    {
        var backoff = new Backoff($"the model {model.Name}");
        var id = Collections.VersionId(number);
        while (model.IsVisible(number)
            && await _store.GetAsync(Collections.Versions, model.Name, id, cancellationToken) is { Value.Version: { } version } read)
        {
            var next = change(version);
            if (next == version)
                return true;
            try
            {
                await _store.ReplaceAsync(Collections.Versions, model.Name, id, read.Value with { Version = next }, read.ETag, cancellationToken);
                return true;
            }
            catch (ETagMismatchException)
            {
                await backoff.NextAsync(cancellationToken);
            }
        }

        return false;
    }

    /// <summary>The number above which the version of a key is; written down by the first who asks.</summary>
    private async Task<int> ClaimAsync(string model, string once, CancellationToken cancellationToken)
    {
        if (await _store.GetAsync(Collections.Publications, model, once, cancellationToken) is { } claim)
            return claim.Value.After;
        var after = (await models.FindAsync(model, cancellationToken))?.Value.LastVersion ?? 0;
        try
        {
            await _store.CreateAsync(
                Collections.Publications, model, once, new PublishClaim { After = after, Created = time.GetUtcNow() }, cancellationToken);
            return after;
        }
        catch (DocumentExistsException)
        {
            return await ClaimAsync(model, once, cancellationToken);
        }
    }

    /// <summary>Looks for the version of a key among the counted ones.</summary>
    /// <param name="model">The model.</param>
    /// <param name="once">Hash of the key.</param>
    /// <param name="after">The number above which to look.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ConflictException">It was deleted.</exception>
    private async Task<ModelVersion?> FindPublishedAsync(ModelDocument model, string once, int after, CancellationToken cancellationToken)
    {
        // What went with the whole model leaves nothing to look at, and the next try begins anew.
        for (var number = Math.Max(after, model.DeletedThrough) + 1; number <= model.LastVersion; number++)
        {
            var found = await _store.GetAsync(Collections.Versions, model.Name, Collections.VersionId(number), cancellationToken);
            if (found?.Value.Once != once)
                continue;
            return model.IsVisible(number) && found.Value.Version is { } version
                ? version
                : throw new ConflictException($"What is to be published was version {number} of {model.Name}, and that was deleted.");
        }

        return null;
    }

    /// <summary>Counts the version that has a number, if it is the one of a key; as its publisher would have.</summary>
    private async Task<(Document<ModelDocument> Model, ModelVersion Version)?> CommitOwnAsync(
        string model, int number, string? once, Func<ModelDocument, ModelDocument> patch, CancellationToken cancellationToken)
    {
        if (once is null)
            return null;
        var found = await _store.GetAsync(Collections.Versions, model, Collections.VersionId(number), cancellationToken);
        return found is { Value: { Version: { } version } document } && document.Once == once
            && await CommitAsync(version, document.Revives, patch, cancellationToken) is { } counted
            ? (counted, version)
            : null;
    }
}
