using System.ComponentModel;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>Downloads.</summary>
internal sealed class DownloadModel(ModelRegistry registry, IArtifactStore artifacts)
{
    /// <summary>The ONNX file of a version. Its ETag is its sha256; ranges and conditional requests are answered as RFC 9110 has them.</summary>
    [Function("DownloadModel"), Description("The file; Range and If-None-Match are honoured.")]
    public async Task<IResult> Download(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/v1/models/{reference}/download")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var (model, version) = await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);
        var content = await artifacts.OpenReadAsync(version.Sha256, cancellationToken: cancellationToken);
        request.HttpContext.Response.Headers[PredictionResponse.VersionHeader] = $"{version.Version}";
        return TypedResults.Stream(
            content,
            "application/octet-stream",
            version.FileName ?? $"{model.Name}.onnx",
            version.Created,
            new EntityTagHeaderValue($"\"{version.Sha256}\""),
            enableRangeProcessing: true);
    }
}
