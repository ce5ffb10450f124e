using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Submits the job of a model in the container <c>uploads</c>.</summary>
/// <param name="drops">The container <c>uploads</c>.</param>
/// <param name="submitter">Makes jobs.</param>
public sealed class IngestSubmitter(IngestionContainer drops, JobSubmitter submitter)
{
    /// <summary>Makes the job of a drop. Its id is made of the blob's path and ETag: the same content of a blob has one job, however often this is called.</summary>
    /// <param name="path">The blob's name, without the container.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; null when the blob is no model, or is gone.</returns>
    public async Task<Job?> SubmitAsync(string path, CancellationToken cancellationToken)
    {
        if (!IngestedBlob.IsModel(path) || await drops.FindAsync(path, cancellationToken) is not { } drop)
            return null;
        var options = new IngestOptions { Blob = $"{IngestionContainer.Container}/{path}", Etag = drop.ETag };
        var request = new JobRequest(IngestJob.Type, IngestedBlob.ModelOf(path), JobOptions.ToJson(options))
        {
            By = Caller.Drop,
            Id = JobId.Create(drop.Modified, $"{options.Blob}@{drop.ETag}"),
        };
        return await submitter.SubmitAsync(request, cancellationToken);
    }
}
