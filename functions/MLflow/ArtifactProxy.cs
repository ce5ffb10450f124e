using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's artifact proxy: clients whose runs have an <c>artifact_uri</c> of <c>mlflow-artifacts:</c> log and load files here.</summary>
public sealed class ArtifactProxy(RunArtifacts artifacts, RunStore runs, VersionArtifacts versions)
{
    private const string Route = "/api/2.0/mlflow-artifacts/artifacts";

    private static readonly FileBody Bytes = new("application/octet-stream");
    private static readonly MLflowQuery<ArtifactFolderRequest> Folder = new();

    /// <summary>What is in a folder, all of it.</summary>
    /// <remarks>The Functions host tries routes by the names of functions: this one comes before the one for all paths below.</remarks>
    [Function("MLflowArtifactFolder"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: the artifacts in a folder.")]
    [Answers(typeof(ArtifactFolderAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/2.0/mlflow-artifacts/artifacts")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Folder.ReadAsync(request, cancellationToken);
        if (VersionArtifacts.Has(body.Path))
            return new PlainAnswer(new ArtifactFolderAnswer { Files = MLflowAnswers.ListOf(await versions.ListAsync(request, body.Path, cancellationToken)) });
        request.RequireNoScope();
        var (run, path) = await ArtifactLocation.FindAsync(runs, ArtifactLocation.FolderOf(body.Path), cancellationToken);
        var files = new List<MLflowFile>();
        string? token = null;
        do
        {
            var page = await artifacts.ListAsync(run, path, RunArtifacts.PageItems, token, cancellationToken);
            files.AddRange(page.Items.Select(file => MLflowAnswers.Of(file, file.Path.Name)));
            token = page.Cursor;
        }
        while (token is not null);
        return new PlainAnswer(new ArtifactFolderAnswer { Files = MLflowAnswers.ListOf(files) });
    }

    /// <summary>A file, or a range of it.</summary>
    [Function("MLflowDownloadArtifact"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: download an artifact.")]
    [Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/2.0/mlflow-artifacts/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        if (ArtifactLocation.Behind(request, Route) is var file && VersionArtifacts.Has(file))
            return await versions.SendAsync(request, file, cancellationToken);
        request.RequireNoScope();
        var (run, path) = await FindAsync(request, cancellationToken);
        return await ArtifactLocation.SendAsync(request, artifacts, run, path, cancellationToken);
    }

    /// <summary>Logs a file, in the place of the one that is there.</summary>
    [Function("MLflowUploadArtifact"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: log an artifact.")]
    [Takes(nameof(Bytes)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Upload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/2.0/mlflow-artifacts/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (run, path) = await FindAsync(request, cancellationToken);
        await artifacts.PutAsync(run, path, request.OpenBody(), request.ContentLength, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Deletes a file, or a folder with all that is in it.</summary>
    [Function("MLflowDeleteArtifact"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: delete an artifact, or a folder of them.")]
    [Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/2.0/mlflow-artifacts/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (run, path) = await FindAsync(request, cancellationToken);
        if (!await artifacts.DeleteAsync(run, path, cancellationToken) && !path.IsRoot)
            throw ArtifactLocation.NoFile(path);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    private Task<ArtifactLocation> FindAsync(HttpRequest request, CancellationToken cancellationToken) =>
        ArtifactLocation.FindAsync(runs, ArtifactLocation.Behind(request, Route), cancellationToken);
}
