using System.Diagnostics;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Http;

/// <summary>One log line for each request: at Information for refusals and failures, so that a request id of a caller is found, and at Debug for others.</summary>
internal sealed partial class AccessLog(RouteTable routes, ILogger<AccessLog> logger)
{
    /// <summary>Logs a request that its function has answered. The answer itself may still be on its way.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="http">The request.</param>
    /// <param name="began">Timestamp of its beginning.</param>
    public void Write(FunctionContext context, HttpContext http, long began)
    {
        var status = StatusOf(context, http);
        var level = status >= StatusCodes.Status400BadRequest ? LogLevel.Information : LogLevel.Debug;
        if (!logger.IsEnabled(level))
            return;
        LogAnswered(
            level,
            http.Request.Method,
            // A path that no route has is shown percent-encoded.
            routes.TemplateOf(context.FunctionDefinition.Name) ?? RequestText.Shown(http.Request.Path.ToUriComponent()),
            status,
            Stopwatch.GetElapsedTime(began).TotalMilliseconds,
            http.Features.Get<Caller>()?.Name ?? Caller.Anonymous.Name,
            http.Response.Headers[RequestIdMiddleware.Header].ToString());
    }

    /// <summary>Logs a call of a gRPC service that was answered.</summary>
    /// <param name="http">The request.</param>
    /// <param name="method">Full name of the method.</param>
    /// <param name="status">Name of the status.</param>
    /// <param name="isRefused">Whether the status is another than OK.</param>
    /// <param name="began">Timestamp of its beginning.</param>
    public void Write(HttpContext http, string method, string status, bool isRefused, long began)
    {
        var level = isRefused ? LogLevel.Information : LogLevel.Debug;
        if (logger.IsEnabled(level))
            LogCallAnswered(level, method, status, Stopwatch.GetElapsedTime(began).TotalMilliseconds, http.Features.Get<Caller>()?.Name ?? Caller.Anonymous.Name, http.Response.Headers[RequestIdMiddleware.Header].ToString());
    }

    // What the function returned is sent later.
    private static int StatusOf(FunctionContext context, HttpContext http) => http.Response.HasStarted
        ? http.Response.StatusCode
        : context.GetInvocationResult().Value switch
        {
            JsonAnswer answer => answer.Status,
            IStatusCodeActionResult { StatusCode: { } code } => code,
            _ => http.Response.StatusCode,
        };

    [LoggerMessage(EventId = 1, Message = "{Method} {Route} was answered with {Status} after {Milliseconds:0.0} ms; caller {Caller}, request id {RequestId}")]
    private partial void LogAnswered(LogLevel level, string method, string route, int status, double milliseconds, string caller, string requestId);

    [LoggerMessage(EventId = 2, Message = "gRPC {Method} was answered with {Status} after {Milliseconds:0.0} ms; caller {Caller}, request id {RequestId}")]
    private partial void LogCallAnswered(LogLevel level, string method, string status, double milliseconds, string caller, string requestId);
}
