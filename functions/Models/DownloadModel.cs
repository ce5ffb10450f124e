using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Registry.Access;
using Larder.Registry.Errors;
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
    /// The ONNX file of a version, or a zip of its files if it has several. Its ETag is its sha256; conditions and ranges are honoured (<see cref="FileAnswer"/>).
    /// </summary>
    [Function("DownloadModel"), Requires(Role.Reader), Description("The file, or a zip of a version's files; Range and If-None-Match are honoured.")]
    [Query, Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/download")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var version = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).Version;
        if (!version.IsServable)
            throw new ConflictException($"{version.Model}:{version.Version} is a model of another framework and has no ONNX file: download its folder with MLflow's client, as models:/{version.Model}/{version.Version}.");
        request.HttpContext.Response.Headers[PredictionResponse.VersionHeader] = $"{version.Version}";
        var fileName = version.FileName ?? $"{version.Model}.onnx";
        if (version.Manifest is { } files)
        {
            var zip = new StoredZip(files);
            return await new FileAnswer(version.Sha256, zip.Length, Path.ChangeExtension(fileName, ".zip"), "application/zip")
                .SendAsync(request, (offset, length, _) => Task.FromResult(zip.Open(artifacts, offset, length)), cancellationToken);
        }

        var answer = new FileAnswer(version.Sha256, version.SizeBytes, fileName);
        return await answer.SendAsync(request, artifacts, $"The file of {version.Model}:{version.Version}", cancellationToken);
    }
}
