using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflowScoring;

/// <summary>The probes of MLflow's scoring server, which SageMaker asks of its containers, too: whether the model of the setting <c>Serving:Model</c> can be served.</summary>
public sealed class ScoringHealth(ServedModel served, ModelCatalog catalog)
{
    /// <summary>200 when the model has a version to serve, else 404.</summary>
    [Function("Ping"), Requires(Role.None, IsProbe = true), Description("Whether the model of Serving:Model can be served, as MLflow's scoring server says it.")]
    [Answers(MediaType = "application/json"), Answers(status: StatusCodes.Status404NotFound)]
    public Task<IActionResult> Ping([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ping")] HttpRequest request, CancellationToken cancellationToken) => ProbeAsync(cancellationToken);

    /// <inheritdoc cref="Ping"/>
    [Function("ScoringHealth"), Requires(Role.None, IsProbe = true), Description("The same as /ping, of the model of Serving:Model.")]
    [Answers(MediaType = "application/json"), Answers(status: StatusCodes.Status404NotFound)]
    public Task<IActionResult> Health([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health")] HttpRequest request, CancellationToken cancellationToken) => ProbeAsync(cancellationToken);

    private async Task<IActionResult> ProbeAsync(CancellationToken cancellationToken)
    {
        var status = StatusCodes.Status404NotFound;
        try
        {
            if (served.Reference is { } reference)
            {
                await catalog.ResolveAsync(reference, cancellationToken);
                status = StatusCodes.Status200OK;
            }
        }
        catch (NotFoundException)
        {
            // There is no such model, version or alias.
        }

        return new ContentResult { StatusCode = status, ContentType = "application/json", Content = "\n" };
    }
}
