using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Creates versions of MLflow's registered models from what runs logged, and from logged models.</summary>
public sealed class CreateModelVersion(ModelRegistry registry, RunModels models, FolderPublisher publisher, PutModel uploads, RegistryCalls calls)
{
    private static readonly MLflowBody<CreateModelVersionRequest> New = new();

    /// <summary>Publishes the ONNX model that is at a source as the next version, after the same scan and trial as an upload.</summary>
    [Function("MLflowCreateModelVersion"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: create a version from a run's artifacts, or a logged model.")]
    [Takes(nameof(New)), Answers(typeof(ModelVersionAnswer))]
    public async Task<IActionResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/model-versions/create")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await New.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        if (body.Source.Length == 0)
            throw MLflowArguments.Missing("source");
        // Runs belong to no model: a version must not show a caller what its token cannot read.
        request.RequireNoScope();
        await calls.AskAsync(name, () => registry.GetAsync(name, cancellationToken));
        var (run, files) = await models.FindAsync(body.Source, cancellationToken);
        if (body.RunId is { Length: > 0 } given && given != run)
            throw new InvalidRequestException($"The source {Quoted.Text(body.Source)} is of {(run is null ? "no run" : $"the run {run}")}, and run_id is {Quoted.Text(given)}: leave run_id out, or give that of the source.");
        if (body.ModelId is { Length: > 0 } named && RunModels.ModelIdOf(body.Source) is { } model && named != model)
            throw new InvalidRequestException($"The source {Quoted.Text(body.Source)} is another logged model than model_id, which is {Quoted.Text(named)}: leave model_id out, or give that of the source.");
        var arrival = new PublishRequest
        {
            Source = body.Source,
            Run = run,
            RunLink = body.RunLink is { Length: > 0 } link ? link : null,
            Description = body.Description,
            Tags = MLflowValues.TagsOf(body.Tags),
            Actor = request.Caller().Name,
        };
        var (published, version) = await uploads.WithinAsync(name, stop => publisher.PublishAsync(name, files, arrival, stop), cancellationToken);
        return new PlainAnswer(new ModelVersionAnswer { ModelVersion = RegistryAnswers.Of(published, version) });
    }
}
