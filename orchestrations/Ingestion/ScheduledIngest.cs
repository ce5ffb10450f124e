using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Schedules;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Ingestion;

/// <summary>
/// Ingestions by schedule: a model or an archive in the container <c>uploads</c>, as it is when the job is made. What is a version of the model already is
/// left at that; the blob is only read.
/// </summary>
public sealed class ScheduledIngest(IngestionContainer container, ModelScopes scopes) : IScheduledJob
{
    private static readonly Dictionary<string, string> NoSecrets = [];

    /// <inheritdoc/>
    public string Type => IngestJob.Type;

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        if (job.Inputs is not { Job: null, Version: null, Dataset: null, Blob: { } path })
            throw new InvalidRequestException("job.inputs of an ingestion must have a blob, and nothing else.");
        ScheduledPaths.ValidateModel(path);
        await scopes.RequireAsync(caller, path.Split('/')[1], cancellationToken);
        if (job.Options is not null)
            throw new InvalidRequestException($"An ingestion has no options that a schedule could give: what is to be said of the model, an archive says in {ModelArchive.Manifest}.");
        return (job, NoSecrets);
    }

    /// <inheritdoc/>
    public async Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken)
    {
        var blob = job.Inputs.Blob!;
        await scopes.RequireAsync(caller, blob.Split('/')[1], cancellationToken);
        var found = await container.FindAsync(blob[(IngestionContainer.Container.Length + 1)..], cancellationToken) ?? throw new NotFoundException($"There is no {Quoted.Text(blob)}.");
        var options = new IngestOptions { Blob = blob, Etag = found.ETag, ReadOnly = true };
        return new JobRequest(IngestJob.Type, job.Model, JobOptions.ToJson(options));
    }
}
