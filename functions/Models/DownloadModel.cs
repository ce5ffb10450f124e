using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Downloads.</summary>
public sealed class DownloadModel(ModelRegistry registry, IArtifactStore artifacts)
{
    /// <summary>
    /// The ONNX file of a version. Its ETag is its sha256; conditions and ranges are honoured (<see cref="FileAnswer"/>).
    /// </summary>
    [Function("DownloadModel"), Requires(Role.Reader), Description("The file; Range and If-None-Match are honoured.")]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/download")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request);
        var version = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).Version;
        request.HttpContext.Response.Headers[PredictionResponse.VersionHeader] = $"{version.Version}";
        var answer = new FileAnswer(version.Sha256, version.SizeBytes, version.FileName ?? $"{version.Model}.onnx");
        return await answer.SendAsync(request, artifacts, $"The file of {version.Model}:{version.Version}", cancellationToken);
    }
}
