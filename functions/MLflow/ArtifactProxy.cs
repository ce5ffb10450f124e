using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's artifact proxy: clients whose runs and logged models have an <c>artifact_uri</c> of <c>mlflow-artifacts:</c> log and load files here.</summary>
public sealed class ArtifactProxy(RunArtifacts artifacts, RunFiles files, RunStore runs, LoggedModelStore models, VersionArtifacts versions)
{
    private const string Route = "/2.0/mlflow-artifacts/artifacts";

    private static readonly FileBody Bytes = new("application/octet-stream");
    private static readonly MLflowQuery<ArtifactFolderRequest> Folder = new();

    /// <summary>What is in a folder, all of it.</summary>
    /// <remarks>The Functions host tries routes by the names of functions: this one comes before the one for all paths below.</remarks>
    [Function("MLflowArtifactFolder"), Requires(Role.Reader, Scope = ScopeRule.Function, IsForRuns = true), Description("MLflow: the artifacts in a folder.")]
    [Answers(typeof(ArtifactFolderAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Artifacts + "/artifacts")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Folder.ReadAsync(request, cancellationToken);
        if (IsOfVersion(request, body.Path))
            return new PlainAnswer(new ArtifactFolderAnswer { Files = MLflowAnswers.ListOf(await versions.ListAsync(request, body.Path, cancellationToken)) });
        request.RequireNoScope();
        var (owner, path) = await FindAsync(request, ArtifactLocation.FolderOf(body.Path), cancellationToken);
        var found = new List<MLflowFile>();
        string? token = null;
        do
        {
            (var page, token) = await files.ListAsync(owner.Id, path, token, cancellationToken);
            // Here a file is called by its own name.
            found.AddRange(page.Select(file => file with { Path = file.Path[(file.Path.LastIndexOf('/') + 1)..] }));
        }
        while (token is not null);
        return new PlainAnswer(new ArtifactFolderAnswer { Files = MLflowAnswers.ListOf(found) });
    }

    /// <summary>A file, or a range of it.</summary>
    [Function("MLflowDownloadArtifact"), Requires(Role.Reader, Scope = ScopeRule.Function, IsForRuns = true), Description("MLflow: download an artifact.")]
    [Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Artifacts + "/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        if (ArtifactLocation.Behind(request, Route) is var file && IsOfVersion(request, file))
            return await versions.SendAsync(request, file, cancellationToken);
        request.RequireNoScope();
        var (owner, path) = await FindAsync(request, ArtifactLocation.Behind(request, Route), cancellationToken);
        return await files.SendAsync(request, owner.Id, path, cancellationToken);
    }

    /// <summary>Logs a file, in the place of the one that is there.</summary>
    [Function("MLflowUploadArtifact"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log an artifact.")]
    [Takes(nameof(Bytes)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Upload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = MLflowRoutes.Artifacts + "/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (owner, path) = await FindAsync(request, ArtifactLocation.Behind(request, Route), cancellationToken);
        await artifacts.PutAsync(owner, path, request.OpenBody(), request.ContentLength, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Deletes a file, or a folder with all that is in it.</summary>
    [Function("MLflowDeleteArtifact"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: delete an artifact, or a folder of them.")]
    [Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Artifacts + "/artifacts/{*path}")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (owner, path) = await FindAsync(request, ArtifactLocation.Behind(request, Route), cancellationToken);
        if (!await artifacts.DeleteAsync(owner, path, cancellationToken) && !path.IsRoot)
            throw RunFiles.NoFile(path);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    // The token of a job is good for its run, and for no version.
    private static bool IsOfVersion(HttpRequest request, [NotNullWhen(true)] string? path) => request.Caller().Run is null && VersionArtifacts.Has(path);

    private async Task<(RunKey Owner, ArtifactPath Path)> FindAsync(HttpRequest request, string path, CancellationToken cancellationToken)
    {
        var found = await ArtifactLocation.FindAsync(runs, models, path, cancellationToken);
        return (found.KeyFor(request), found.Path);
    }
}
