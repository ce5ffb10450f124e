using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>
/// Ingestions by schedule: a model or an archive in the container <c>uploads</c>, as it is when the job is made. What is a version of the model already is
/// left at that; the blob is only read.
/// </summary>
public sealed class ScheduledIngest(DropBox drops, ModelScopes scopes) : IScheduledJob
{
    private static readonly Dictionary<string, string> s_noSecrets = [];

    /// <inheritdoc/>
    public string Type => IngestJob.Type;

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellation)
    {
        if (job.Inputs is not { Job: null, Version: null, Dataset: null, Blob: { } path })
            throw new InvalidRequestException("job.inputs of an ingestion must have a blob, and nothing else.");
        ScheduledPaths.ValidateModel(path);
        await scopes.RequireAsync(caller, path.Split('/')[1], cancellation);
        if (job.Options is not null)
            throw new InvalidRequestException($"An ingestion has no options that a schedule could give: what is to be said of the model, an archive says in {ModelArchive.Manifest}.");
        return (job, s_noSecrets);
    }

    /// <inheritdoc/>
    public async Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        var blob = job.Inputs.Blob!;
        await scopes.RequireAsync(caller, blob.Split('/')[1], cancellation);
        var drop = await drops.FindAsync(blob[(DropBox.Container.Length + 1)..], cancellation) ?? throw new NotFoundException($"There is no {Names.Shown(blob)}.");
        var options = new IngestOptions { Blob = blob, Etag = drop.ETag, ReadOnly = true };
        return new JobRequest(IngestJob.Type, job.Model, JsonSerializer.SerializeToElement(options, RegistryJson.Options));
    }
}
