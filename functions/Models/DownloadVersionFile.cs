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

/// <summary>What came with a version: its card, samples.</summary>
public sealed class DownloadVersionFile(ModelRegistry registry, IArtifactStore artifacts)
{
    /// <summary>A file of a version; conditions and ranges are honoured (<see cref="FileAnswer"/>).</summary>
    [Function("DownloadVersionFile"), Requires(Role.Reader), Description("README.md (the model card), sample_inputs.json or sample_outputs.json of a version.")]
    [Query, Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/files/{file}")] HttpRequest request,
        string reference,
        string file,
        CancellationToken cancellationToken)
    {
        var version = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).Version;
        var found = version.Files.FirstOrDefault(known => known.Name == file)
            ?? throw new NotFoundException($"{version.Model}:{version.Version} has no file of that name.");
        request.HttpContext.Response.Headers[PredictionResponse.VersionHeader] = $"{version.Version}";
        var type = found.Name is VersionFile.SampleInputs or VersionFile.SampleOutputs ? "application/json" : "text/markdown; charset=utf-8";
        return await new FileAnswer(found.Sha256, found.SizeBytes, found.Name, type).SendAsync(request, artifacts, $"A file of {version.Model}:{version.Version}", cancellationToken);
    }
}
