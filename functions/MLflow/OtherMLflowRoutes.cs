using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Routes of MLflow that this server does not have.</summary>
public sealed class OtherMLflowRoutes
{
    /// <summary>MLflow's traces.</summary>
    [Function("MLflowTraces"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow's traces: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult Traces([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = MLflowRoutes.Api + "/traces/{*path}")] HttpRequest request) => throw NoTraces();

    /// <summary>MLflow's API 3.0, which has traces and what belongs to them.</summary>
    [Function("MLflowTracesV3"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow's API 3.0, of traces: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult TracesV3([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = MLflowRoutes.ApiV3 + "/{*path}")] HttpRequest request) => throw NoTraces();

    private static HttpStatusException NoTraces() => new(ErrorKind.Unsupported, "Traces are not supported by this server. Experiments, runs, params, metrics and tags are: send them to /api/2.0/mlflow.");
}
