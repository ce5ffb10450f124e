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

/// <summary>The routes of MLflow's own pages, and those that this server does not have.</summary>
public sealed class OtherMLflowRoutes
{
    private const string Prefix = "/ajax-api";

    /// <summary>The same routes under the name that MLflow's pages use: the caller is sent on, with the method and the body (308).</summary>
    [Function("MLflowAjax"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow: the same routes under another name; sends the caller on (308).")]
    [Takes, Answers(status: StatusCodes.Status308PermanentRedirect)]
    public IActionResult Ajax([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = "ajax-api/2.0/mlflow/{*path}")] HttpRequest request) => SendOn(request);

    /// <summary>The same for artifacts.</summary>
    [Function("MLflowAjaxArtifacts"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow: artifacts under another name; sends the caller on (308).")]
    [Takes, Answers(status: StatusCodes.Status308PermanentRedirect)]
    public IActionResult AjaxArtifacts(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "put", "delete", Route = "ajax-api/2.0/mlflow-artifacts/{*path}")] HttpRequest request) => SendOn(request);

    /// <summary>MLflow's traces.</summary>
    [Function("MLflowTraces"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow's traces: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult Traces([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = "api/2.0/mlflow/traces/{*path}")] HttpRequest request) => throw NoTraces();

    /// <summary>MLflow's API 3.0, which has traces and what belongs to them.</summary>
    [Function("MLflowTracesV3"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("MLflow's API 3.0, of traces: not supported (501).")]
    [Takes, Answers(status: StatusCodes.Status501NotImplemented)]
    public IActionResult TracesV3([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = "api/3.0/mlflow/{*path}")] HttpRequest request) => throw NoTraces();

    private static StatusCodeResult SendOn(HttpRequest request)
    {
        request.HttpContext.Response.Headers.Location = $"{request.PathBase}/api{request.Path.ToUriComponent()[Prefix.Length..]}{request.QueryString.ToUriComponent()}";
        return new StatusCodeResult(StatusCodes.Status308PermanentRedirect);
    }

    private static HttpStatusException NoTraces() => new(ErrorKind.Unsupported, "Traces are not supported by this server. Experiments, runs, params, metrics and tags are: send them to /api/2.0/mlflow.");
}
