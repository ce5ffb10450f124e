using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's multipart uploads: large artifacts go to storage in parts, past this server. The path is the file's folder.</summary>
public sealed class MultipartUploads(RunArtifacts artifacts, RunStore runs, LoggedModelStore models)
{
    private const string Route = "/2.0/mlflow-artifacts/mpu";

    // The client sends the file as a whole when a refusal begins so.
    private const string Unsupported = "Multipart upload is not supported for the current artifact repository";

    private static readonly MLflowBody<CreateMultipartRequest> Begin = new();
    private static readonly MLflowBody<CompleteMultipartRequest> End = new();
    private static readonly MLflowBody<AbortMultipartRequest> Stop = new();

    /// <summary>Begins an upload.</summary>
    [Function("MLflowCreateMultipart"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: begin to log an artifact in parts.")]
    [Takes(nameof(Begin)), Answers(typeof(MultipartAnswer))]
    public async Task<IActionResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Artifacts + "/mpu/create/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Begin.ReadAsync(request, cancellationToken);
        var (owner, path) = await FindAsync(request, "create", body.Path, cancellationToken);
        var (id, parts) = await artifacts.BeginUploadAsync(owner, path, body.NumParts ?? 1, cancellationToken)
            ?? throw new HttpStatusException(ErrorKind.Unsupported, $"{Unsupported}: this server can sign no URLs of its storage account. Send the file as a whole.");
        return new PlainAnswer(new MultipartAnswer { UploadId = id, Credentials = [.. parts.Select((url, i) => new MLflowPartTarget { Url = url, PartNumber = i + 1 })] });
    }

    /// <summary>Logs the file, when all parts are in storage.</summary>
    [Function("MLflowCompleteMultipart"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log an artifact whose parts are in storage.")]
    [Takes(nameof(End)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Complete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Artifacts + "/mpu/complete/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await End.ReadAsync(request, cancellationToken);
        if (body.Parts.Select(part => part.PartNumber).Order().Where((number, i) => number != i + 1).Any())
            throw new InvalidRequestException($"The parts must have the numbers 1 to {body.Parts.Count}, each once.");
        var (owner, path) = await FindAsync(request, "complete", body.Path, cancellationToken);
        await artifacts.CompleteUploadAsync(owner, path, body.UploadId, body.Parts.Count, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Ends an upload without logging anything.</summary>
    [Function("MLflowAbortMultipart"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: end an upload in parts.")]
    [Takes(nameof(Stop)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Abort(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Artifacts + "/mpu/abort/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Stop.ReadAsync(request, cancellationToken);
        var (owner, path) = await FindAsync(request, "abort", body.Path, cancellationToken);
        await artifacts.AbortUploadAsync(owner, path, body.UploadId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    // The client sends the path that the file has on its disk.
    private async Task<(RunKey Owner, ArtifactPath Path)> FindAsync(HttpRequest request, string call, string file, CancellationToken cancellationToken)
    {
        var name = file[(file.LastIndexOfAny(['/', '\\']) + 1)..];
        var found = await ArtifactLocation.FindAsync(runs, models, $"{ArtifactLocation.FolderOf(ArtifactLocation.Behind(request, $"{Route}/{call}"))}/{name}", cancellationToken);
        return (found.KeyFor(request), found.Path);
    }
}
