namespace Larder.Registry;

/// <summary>
/// Finishes what crashes left half done and deletes what nothing names. Several may run at a time, and beside anything else: every step is
/// conditional on what was seen.
/// </summary>
/// <remarks>
/// An artifact goes when it was last touched before the grace period, no version, no data set and no job's input names it, and nobody touched it since it was
/// listed. Who publishes, or accepts a job, stores or touches the artifact before it creates the document, so the one that they rely on is young; and
/// one that they touch while the sweep runs has another ETag than the sweep saw. A sweep that cannot read everything deletes no artifact.
/// Files of a job go when they are older than the grace period, and there is no such job.
/// Memory: about 150 bytes for every artifact and every job older than the grace period.
/// </remarks>
/// <param name="registry">The models and versions.</param>
/// <param name="artifacts">The files.</param>
/// <param name="publisher">Whose staging folder is swept.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="files">Their files.</param>
/// <param name="schedules">The schedules.</param>
/// <param name="tokens">The tokens.</param>
/// <param name="options">How patient it is.</param>
public sealed class RegistrySweeper(
    ModelRegistry registry,
    IArtifactStore artifacts,
    ModelPublisher publisher,
    JobStore jobs,
    JobFiles files,
    ScheduleStore schedules,
    TokenStore tokens,
    SweeperOptions options)
{
    private const int PageSize = 500;

    // Longer than any job goes on: ten attempts of six days.
    private static readonly TimeSpan PublicationLife = TimeSpan.FromDays(90);

    // Longer than no host runs. What is older was looked at by a sweep, often.
    private static readonly TimeSpan RecordLife = TimeSpan.FromDays(30);

    private readonly IDocumentStore documents = registry.Documents;

    /// <summary>Sweeps once.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellation">Stops it; another run takes up what is left.</param>
    public async Task<SweepReport> RunAsync(DateTimeOffset now, CancellationToken cancellation = default)
    {
        var before = now - options.Grace;
        var staged = publisher.DeleteStagedOlderThan(before);
        var (finished, records) = await FinishChangesAsync(now - RecordLife, cancellation);
        var (scheduled, schedulesLeft) = await schedules.SweepAsync(now - RecordLife, cancellation);
        var (ofTokens, tokensLeft) = await tokens.SweepAsync(now - RecordLife, before, cancellation);

        var unnamed = new Dictionary<string, ArtifactProperties>();
        await foreach (var artifact in artifacts.ListAsync(cancellation))
        {
            if (artifact.LastModified < before)
                unnamed[artifact.Sha256] = artifact;
        }

        var jobless = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var folder in files.ListJobsAsync(cancellation))
        {
            if (folder.Created < before)
                jobless.Add(folder.Job);
        }

        await foreach (var job in jobs.ScanAsync(cancellation))
        {
            jobless.Remove(job.Id);
            foreach (var input in job.Inputs)
                unnamed.Remove(input.Sha256);
        }

        await foreach (var dataset in documents.ScanAllAsync(DatasetStore.Collection, PageSize, cancellation))
            unnamed.Remove(dataset.Value.Sha256);

        var (counted, removed) = await VisitVersionsAsync(before, sha256 => unnamed.Remove(sha256), cancellation);

        var (deleted, bytes) = (0, 0L);
        foreach (var artifact in unnamed.Values)
        {
            if (await artifacts.DeleteAsync(artifact, cancellation))
                (deleted, bytes) = (deleted + 1, bytes + artifact.SizeBytes);
        }

        var folders = 0;
        foreach (var job in jobless)
            folders += await files.DeleteAsync(job, cancellation) ? 1 : 0;
        var keys = await jobs.SweepKeysAsync(before, cancellation);
        var publications = await registry.Ledger.SweepClaimsAsync(now - PublicationLife, cancellation);
        return new SweepReport(staged, counted, finished, removed, deleted, bytes, folders, keys, publications, records + scheduled + ofTokens, schedulesLeft, tokensLeft);
    }

    private async Task<(int Deletions, int Records)> FinishChangesAsync(DateTimeOffset since, CancellationToken cancellation)
    {
        var (finished, records) = (0, 0);
        await foreach (var model in documents.ScanAllAsync(Collections.Models, PageSize, cancellation))
        {
            foreach (var version in model.Value.Deleting)
            {
                await registry.Ledger.FinishDeletingAsync(model.Value.Name, version, cancellation);
                finished++;
            }

            if (model.Value.Outbox.Newest >= since)
                records += await registry.CompleteAuditAsync(model.Value);
        }

        return (finished, records);
    }

    private async Task<bool> IsBeingImportedAsync(ModelDocument model, CancellationToken cancellation)
    {
        try
        {
            return model.Importing is { } job && !(await jobs.GetAsync(job, cancellation)).IsFinal;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    private async Task<(int Counted, int Removed)> VisitVersionsAsync(
        DateTimeOffset before, Action<string> named, CancellationToken cancellation)
    {
        var (counted, removed) = (0, 0);
        Document<ModelDocument>? model = null;
        string? partition = null;
        await foreach (var found in documents.ScanAllAsync(Collections.Versions, PageSize, cancellation))
        {
            if (partition != found.Partition)
            {
                partition = found.Partition;
                model = await documents.GetAsync(Collections.Models, partition, Collections.ModelId, cancellation);
            }

            var number = Collections.VersionNumber(found.Id);
            // An import writes versions before it makes their model visible.
            if (number <= model?.Value.DeletedThrough && !await IsBeingImportedAsync(model.Value, cancellation))
            {
                removed += await documents.TryDeleteAsync(Collections.Versions, found, cancellation) ? 1 : 0;
            }
            else if (found.Value.Version is { } version)
            {
                named(version.Sha256);
                foreach (var file in version.Files)
                    named(file.Sha256);
                if (number > (model?.Value.LastVersion ?? 0) && version.Created < before)
                {
                    await registry.Ledger.CountAsync(partition, number, cancellation);
                    counted++;
                }
            }
        }

        return (counted, removed);
    }
}
