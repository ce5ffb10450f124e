using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Makes the job of a dropped model.</summary>
/// <param name="drops">Where they are dropped.</param>
/// <param name="submitter">Makes jobs.</param>
public sealed class IngestSubmitter(DropBox drops, JobSubmitter submitter)
{
    /// <summary>Makes the job of a drop. Its id is made of the blob's path and ETag: the same content of a blob has one job, however often this is called.</summary>
    /// <param name="path">The blob's name, without the container.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The job; null when the blob is no model, or is gone.</returns>
    public async Task<Job?> SubmitAsync(string path, CancellationToken cancellation)
    {
        if (!Drop.IsModel(path) || await drops.FindAsync(path, cancellation) is not { } drop)
            return null;
        var options = new IngestOptions { Blob = $"{DropBox.Container}/{path}", Etag = drop.ETag };
        var request = new JobRequest(IngestJob.Type, Drop.ModelOf(path), JsonSerializer.SerializeToElement(options, RegistryJson.Options))
        {
            By = Caller.Drop,
            Id = JobId.Create(drop.Modified, $"{options.Blob}@{drop.ETag}"),
        };
        return await submitter.SubmitAsync(request, cancellation);
    }
}
