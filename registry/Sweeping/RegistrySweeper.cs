namespace Larder.Registry;

/// <summary>
/// Finishes what crashes left half done and deletes what nothing names. Several may run at a time, and beside anything else: every step is
/// conditional on what was seen.
/// </summary>
/// <remarks>
/// An artifact goes when it was last touched before the grace period, no version names it, and nobody touched it since it was listed.
/// A publisher stores or touches the artifact before it creates the version, so the one that a publisher relies on is young; and one that it touches
/// while the sweep runs has another ETag than the sweep saw. A sweep that cannot read everything deletes no artifact.
/// Memory: about 150 bytes for every artifact older than the grace period.
/// </remarks>
/// <param name="registry">The models and versions.</param>
/// <param name="artifacts">The files.</param>
/// <param name="publisher">Whose staging folder is swept.</param>
/// <param name="options">How patient it is.</param>
public sealed class RegistrySweeper(ModelRegistry registry, IArtifactStore artifacts, ModelPublisher publisher, SweeperOptions options)
{
    private const int PageSize = 500;

    private readonly IDocumentStore documents = registry.Documents;

    /// <summary>Sweeps once.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellation">Stops it; another run takes up what is left.</param>
    public async Task<SweepReport> RunAsync(DateTimeOffset now, CancellationToken cancellation = default)
    {
        var before = now - options.Grace;
        var staged = publisher.DeleteStagedOlderThan(before);
        var finished = await FinishDeletionsAsync(cancellation);

        var unnamed = new Dictionary<string, ArtifactProperties>();
        await foreach (var artifact in artifacts.ListAsync(cancellation))
        {
            if (artifact.LastModified < before)
                unnamed[artifact.Sha256] = artifact;
        }

        var (counted, removed) = await VisitVersionsAsync(before, sha256 => unnamed.Remove(sha256), cancellation);

        var (deleted, bytes) = (0, 0L);
        foreach (var artifact in unnamed.Values)
        {
            if (await artifacts.DeleteAsync(artifact, cancellation))
                (deleted, bytes) = (deleted + 1, bytes + artifact.SizeBytes);
        }

        return new SweepReport(staged, counted, finished, removed, deleted, bytes);
    }

    private async Task<int> FinishDeletionsAsync(CancellationToken cancellation)
    {
        var finished = 0;
        await foreach (var model in ScanAsync(Collections.Models, cancellation))
        {
            foreach (var version in model.Value.Deleting)
            {
                await registry.Ledger.FinishDeletingAsync(model.Value.Name, version, cancellation);
                finished++;
            }
        }

        return finished;
    }

    private async Task<(int Counted, int Removed)> VisitVersionsAsync(
        DateTimeOffset before, Action<string> named, CancellationToken cancellation)
    {
        var (counted, removed) = (0, 0);
        Document<ModelDocument>? model = null;
        string? partition = null;
        await foreach (var found in ScanAsync(Collections.Versions, cancellation))
        {
            if (partition != found.Partition)
            {
                partition = found.Partition;
                model = await documents.GetAsync(Collections.Models, partition, Collections.ModelId, cancellation);
            }

            var number = Collections.VersionNumber(found.Id);
            if (number <= model?.Value.DeletedThrough)
            {
                removed += await RemoveAsync(found, cancellation) ? 1 : 0;
            }
            else if (found.Value.Version is { } version)
            {
                named(version.Sha256);
                if (number > (model?.Value.LastVersion ?? 0) && version.Created < before)
                {
                    await registry.Ledger.CountAsync(partition, number, cancellation);
                    counted++;
                }
            }
        }

        return (counted, removed);
    }

    private async Task<bool> RemoveAsync(Document<VersionDocument> found, CancellationToken cancellation)
    {
        try
        {
            return await documents.DeleteAsync(Collections.Versions, found.Partition, found.Id, found.ETag, cancellation);
        }
        catch (ETagMismatchException)
        {
            return false;
        }
    }

    private async IAsyncEnumerable<Document<T>> ScanAsync<T>(
        DocumentCollection<T> collection, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        string? continuation = null;
        do
        {
            var page = await documents.ScanAsync(collection, PageSize, continuation, cancellation);
            foreach (var document in page.Documents)
                yield return document;
            continuation = page.Continuation;
        }
        while (continuation is not null);
    }
}
