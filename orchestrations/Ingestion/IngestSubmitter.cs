using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Submits the job of a model in the container <c>uploads</c>.</summary>
/// <param name="container">The container <c>uploads</c>.</param>
/// <param name="submitter">Makes jobs.</param>
public sealed class IngestSubmitter(IngestionContainer container, JobSubmitter submitter)
{
    /// <summary>Makes the job of a drop. Its id is made of the blob's path and ETag: the same content of a blob has one job, however often this is called.</summary>
    /// <param name="path">The blob's name, without the container.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; null when the blob is no model, or is gone.</returns>
    public async Task<Job?> SubmitAsync(string path, CancellationToken cancellationToken)
    {
        if (!IngestedBlob.IsModel(path) || await container.FindAsync(path, cancellationToken) is not { } blob)
            return null;
        var options = new IngestOptions { Blob = $"{IngestionContainer.Container}/{path}", Etag = blob.ETag };
        var request = new JobRequest(IngestJob.Type, IngestedBlob.ModelOf(path), JobOptions.ToJson(options))
        {
            By = Caller.Drop,
            Id = JobId.Create(blob.Modified, $"{options.Blob}@{blob.ETag}"),
        };
        return await submitter.SubmitAsync(request, cancellationToken);
    }
}
