using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Host.App;

/// <summary>Notes, kept in blob storage.</summary>
public sealed class Notes(BlobContainerClient container)
{
    [Function("PutNote")]
    public async Task<IActionResult> PutAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "notes/{name}")] HttpRequest request, string name, CancellationToken cancellationToken)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await container.GetBlobClient(name).UploadAsync(request.Body, overwrite: true, cancellationToken);
        return new StatusCodeResult(StatusCodes.Status201Created);
    }

    [Function("GetNote")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "notes/{name}")] HttpRequest request, string name, CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient(name);
        return await blob.ExistsAsync(cancellationToken)
            ? new ContentResult { Content = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToString() }
            : new NotFoundResult();
    }
}
