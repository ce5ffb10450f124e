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

/// <summary>Artifacts by the run that logged them, and by the version that they are of.</summary>
public sealed class ReadArtifacts(RunFiles files, RunStore runs, VersionArtifacts versions, RegistryCalls calls)
{
    private static readonly MLflowQuery<ListArtifactsRequest> OfFolder = new();
    private static readonly MLflowQuery<GetArtifactRequest> OfFile = new();
    private static readonly MLflowQuery<GetModelVersionArtifactRequest> OfVersion = new();

    /// <summary>A page of what a run logged in a folder.</summary>
    [Function("MLflowListArtifacts"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: the artifacts of a run.")]
    [Answers(typeof(ArtifactsAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/artifacts/list")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await OfFolder.ReadAsync(request, cancellationToken);
        var folder = ArtifactPath.Parse(ArtifactLocation.FolderOf(body.Path));
        var run = await runs.GetAsync(MLflowValues.RunOf(request, body).Id, cancellationToken);
        var (found, next) = await files.ListAsync(run.Id, folder, MLflowValues.TokenOf(body.PageToken), cancellationToken);
        return new PlainAnswer(new ArtifactsAnswer
        {
            RootUri = run.ArtifactUri,
            Files = MLflowAnswers.ListOf(found),
            NextPageToken = next,
        });
    }

    /// <summary>A file that a run logged, or a range of it.</summary>
    [Function("MLflowGetArtifact"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: download an artifact of a run.")]
    [Answers(IsFile = true)]
    public async Task<IActionResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "get-artifact")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await OfFile.ReadAsync(request, cancellationToken);
        return await files.SendAsync(request, MLflowValues.RunOf(request, body).Id, ArtifactPath.Parse(body.Path), cancellationToken);
    }

    /// <summary>A file of a version, or a range of it.</summary>
    [Function("MLflowGetModelVersionArtifact"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: download a file of a version.")]
    [Answers(IsFile = true)]
    public async Task<IActionResult> GetOfVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "model-versions/get-artifact")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await OfVersion.ReadAsync(request, cancellationToken);
        var path = ArtifactPath.Parse(body.Path);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        var found = await calls.VersionAsync(name, RegistryCalls.VersionOf(name, body.Version), cancellationToken);
        return await versions.SendAsync(request, found.Version, path.ToString(), cancellationToken);
    }
}
