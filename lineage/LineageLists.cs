using Larder.Lineage.Kinds;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;

namespace Larder.Lineage;

/// <summary>The lists that several kinds ask, each read at most once in a walk: what has used a data set or a version, no record of these says.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="access">Which of them a caller may see.</param>
/// <param name="datasets">The data sets.</param>
/// <param name="scopes">Which models a caller may see.</param>
internal sealed class LineageLists(JobStore jobs, JobAccess access, DatasetStore datasets, ModelScopes scopes)
{
    /// <summary>The jobs that the walk's caller may see, the newest first.</summary>
    public Task<IReadOnlyList<Job>> JobsAsync(LineageWalk walk, CancellationToken cancellationToken) => walk.OnceAsync<IReadOnlyList<Job>>(typeof(Job), async () =>
    {
        var isShown = await access.ShownAsync(walk.Caller, cancellationToken);
        return [.. (await walk.SomeAsync(jobs.ScanAsync(cancellationToken), cancellationToken)).Where(job => isShown(job.Type, job.Model))];
    });

    /// <summary>The data sets that the walk's caller may see.</summary>
    public Task<IReadOnlyList<Dataset>> DatasetsAsync(LineageWalk walk, CancellationToken cancellationToken) => walk.OnceAsync<IReadOnlyList<Dataset>>(typeof(Dataset), async () =>
    {
        var isShown = await scopes.NamesAsync(walk.Caller, cancellationToken);
        return [.. (await walk.SomeAsync(Listing.AllAsync(cursor => datasets.ListAsync(model: null, DatasetStore.MaxPage, cursor, cancellationToken)), cancellationToken)).Where(dataset => isShown(dataset.Model))];
    });

    /// <summary>The jobs that were given bytes as their data set.</summary>
    /// <param name="sha256">The bytes.</param>
    /// <param name="walk">The walk.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<IReadOnlyList<Job>> ReadersAsync(string sha256, LineageWalk walk, CancellationToken cancellationToken) =>
        [.. (await JobsAsync(walk, cancellationToken)).Where(job => DataOf(job)?.Sha256 == sha256)];

    /// <summary>The data set that a job was given.</summary>
    /// <inheritdoc cref="DataOf"/>
    public async Task<JobInput?> DataOfAsync(string job, LineageWalk walk, CancellationToken cancellationToken) => DataOf(await JobKind.ReadAsync(access, job, walk, cancellationToken));

    /// <summary>The data set that a job was given; null without one, and before the job has fetched it.</summary>
    public static JobInput? DataOf(Job job) => job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName);
}
