using Larder.Inference.Limits;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Tokens;

namespace Larder.Registry.GarbageCollection;

/// <summary>
/// Garbage collection: completes operations that crashes left unfinished, and deletes what no document names. Several hosts may run it at a time, beside anything
/// else: every step is conditional on what was read.
/// </summary>
/// <remarks>
/// An artifact is deleted when it was last touched before the grace period, no version, no data set, no job's input and no <see cref="IArtifactUser"/> names it, and it was not touched since it was
/// listed. Publishing, and accepting a job, stores or touches the artifact before the document is created, so an artifact that a new document names is young; and one
/// that is touched during the collection has another ETag than was listed. A collection that cannot read everything deletes no artifact.
/// Models and versions that were deleted longer ago than <see cref="RetentionOptions.Deleted"/> are purged first; then their documents and artifacts go.
/// Files of a job are deleted when they are older than the grace period and there is no such job.
/// Memory: about 150 bytes for every artifact and every job older than the grace period.
/// </remarks>
/// <param name="registry">The models and versions.</param>
/// <param name="artifacts">The files.</param>
/// <param name="publisher">Its staging folder is cleaned.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="files">Their files.</param>
/// <param name="schedules">The schedules.</param>
/// <param name="tokens">The tokens.</param>
/// <param name="users">Others whose documents name artifacts.</param>
/// <param name="options">The grace period.</param>
/// <param name="retention">How long what is deleted can be restored.</param>
public sealed class RegistryGarbageCollector(
    ModelRegistry registry,
    IArtifactStore artifacts,
    ModelPublisher publisher,
    JobStore jobs,
    JobFiles files,
    ScheduleStore schedules,
    TokenStore tokens,
    IEnumerable<IArtifactUser> users,
    GarbageCollectionOptions options,
    RetentionOptions retention)
{
    private const int PageSize = 500;

    // Longer than any job runs: ten attempts of six days.
    private static readonly TimeSpan PublicationLife = TimeSpan.FromDays(90);

    // Longer than all hosts can be down. Older documents were checked by many collections.
    private static readonly TimeSpan RecordLife = TimeSpan.FromDays(30);

    private readonly IDocumentStore _documents = registry.Documents;

    /// <summary>Runs one collection.</summary>
    /// <param name="now">The current time, from which the grace period is counted.</param>
    /// <param name="cancellationToken">Cancels the operation; the next collection does the rest.</param>
    public async Task<GarbageCollectionReport> RunAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var before = now - options.GracePeriod;
        var staged = publisher.DeleteStagedOlderThan(before);
        var (finished, records) = await FinishChangesAsync(now, cancellationToken);
        var (scheduled, schedulesLeft) = await schedules.CollectAsync(now - RecordLife, cancellationToken);
        var (ofTokens, tokensLeft) = await tokens.CollectAsync(now - RecordLife, before, cancellationToken);

        var unnamed = new Dictionary<string, ArtifactProperties>();
        await foreach (var artifact in artifacts.ListAsync(cancellationToken))
        {
            if (artifact.LastModified < before)
                unnamed[artifact.Sha256] = artifact;
        }

        var jobless = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var folder in files.ListJobsAsync(cancellationToken))
        {
            if (folder.Created < before)
                jobless.Add(folder.Job);
        }

        await foreach (var job in jobs.ScanAsync(cancellationToken))
        {
            jobless.Remove(job.Id);
            foreach (var input in job.Inputs)
                unnamed.Remove(input.Sha256);
        }

        await foreach (var dataset in _documents.ScanAllAsync(DatasetStore.Collection, PageSize, cancellationToken))
            unnamed.Remove(dataset.Value.Sha256);

        foreach (var user in users)
        {
            await foreach (var sha256 in user.UsedArtifactsAsync(cancellationToken))
                unnamed.Remove(sha256);
        }

        var (counted, removed) = await VisitVersionsAsync(before, sha256 => unnamed.Remove(sha256), cancellationToken);

        var (deleted, bytes) = (0, 0L);
        foreach (var artifact in unnamed.Values)
        {
            if (await artifacts.DeleteAsync(artifact, cancellationToken))
                (deleted, bytes) = (deleted + 1, bytes + artifact.SizeBytes);
        }

        var folders = 0;
        foreach (var job in jobless)
            folders += await files.DeleteAsync(job, cancellationToken) ? 1 : 0;
        var keys = await jobs.CollectKeysAsync(before, cancellationToken);
        var publications = await registry.Versions.CollectClaimsAsync(now - PublicationLife, cancellationToken);
        return new GarbageCollectionReport(staged, counted, finished, removed, deleted, bytes, folders, keys, publications, records + scheduled + ofTokens, schedulesLeft, tokensLeft);
    }

    private async Task<(int Deletions, int Records)> FinishChangesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (finished, records) = (0, 0);
        var before = now - retention.Deleted;
        await foreach (var found in _documents.ScanAllAsync(ModelCollections.Models, PageSize, cancellationToken))
        {
            var model = found;
            if (!ReferenceEquals(model.Value.PurgeDeletedBefore(before), model.Value))
                model = await registry.Store.UpdateOrCreateAsync(model.Value.Name, read => read?.PurgeDeletedBefore(before), cancellationToken) ?? found;
            foreach (var version in model.Value.Deleting)
            {
                await registry.Store.FinishDeletionAsync(model.Value.Name, version, now, cancellationToken);
                finished++;
            }

            if (model.Value.Outbox.Newest >= now - RecordLife)
                records += await registry.Store.CompleteAuditAsync(model.Value) ?? 0;
        }

        return (finished, records);
    }

    private async Task<bool> IsBeingImportedAsync(ModelDocument model, CancellationToken cancellationToken)
    {
        try
        {
            return model.Importing is { } job && !(await jobs.GetAsync(job, cancellationToken)).IsFinal;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    private async Task<(int Counted, int Removed)> VisitVersionsAsync(
        DateTimeOffset before, Action<string> named, CancellationToken cancellationToken)
    {
        var (counted, removed) = (0, 0);
        Document<ModelDocument>? model = null;
        string? partition = null;
        await foreach (var found in _documents.ScanAllAsync(ModelCollections.Versions, PageSize, cancellationToken))
        {
            if (partition != found.Partition)
            {
                partition = found.Partition;
                model = await _documents.GetAsync(ModelCollections.Models, partition, ModelCollections.ModelId, cancellationToken);
            }

            var number = ModelCollections.VersionNumber(found.Id);
            // An import writes versions before it makes their model visible.
            var isNone = number <= model?.Value.DeletedThrough || model?.Value.Skipped.Contains(number) == true;
            if (isNone && !await IsBeingImportedAsync(model!.Value, cancellationToken))
            {
                removed += await _documents.TryDeleteAsync(ModelCollections.Versions, found, cancellationToken) ? 1 : 0;
            }
            else if (found.Value.Version is { } version)
            {
                foreach (var artifact in version.Artifacts)
                    named(artifact);
                if (number > (model?.Value.LastVersion ?? 0) && version.Created < before)
                {
                    await registry.Versions.CommitAsync(version.Model, number, cancellationToken);
                    counted++;
                }
            }
        }

        return (counted, removed);
    }
}

/// <summary>The result of a collection: what was completed, and what was deleted.</summary>
/// <param name="StagedFiles">Local files of uploads that crashed, deleted.</param>
/// <param name="VersionsCommitted">Versions whose publisher crashed before it committed their number: made visible.</param>
/// <param name="DeletionsFinished">Deleted versions whose documents still held content: emptied.</param>
/// <param name="VersionDocuments">Documents of deleted models' versions, deleted.</param>
/// <param name="Artifacts">Artifacts that no document names, deleted.</param>
/// <param name="ArtifactBytes">The bytes of those.</param>
/// <param name="JobFolders">Files of jobs that are not there (any more), deleted.</param>
/// <param name="JobKeys">Idempotency keys without a job, released.</param>
/// <param name="Publications">Claims of publications that will not be tried again, deleted.</param>
/// <param name="AuditRecords">Records of changes that were not in the log: put there.</param>
/// <param name="Schedules">Documents of deleted schedules, deleted.</param>
/// <param name="Tokens">Documents of revoked tokens, and idempotency keys without a token, deleted.</param>
public sealed record GarbageCollectionReport(
    int StagedFiles, int VersionsCommitted, int DeletionsFinished, int VersionDocuments, int Artifacts, long ArtifactBytes,
    int JobFolders, int JobKeys, int Publications, int AuditRecords, int Schedules, int Tokens);

/// <summary>Settings <c>Retention:*</c>.</summary>
public sealed record RetentionOptions
{
    /// <summary>How long a deleted model or version can be restored; then the garbage collection purges it. Zero purges it in the next hour.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan Deleted { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Settings <c>GarbageCollection:*</c>.</summary>
public sealed record GarbageCollectionOptions
{
    /// <summary>
    /// The age from which on something that no document names counts as left by a crash. It must be longer than any upload takes from
    /// its first byte to its last write.
    /// </summary>
    [AtLeast("00:01:00")]
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromHours(24);
}
