using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Http;

/// <summary>
/// Gives every answer an <c>x-request-id</c>: the caller's, where it sent a sane one, else the invocation's. Every log line that is written meanwhile has
/// it too, and the trace of the caller's <c>traceparent</c> (https://www.w3.org/TR/trace-context/), which is sent back with the answer.
/// </summary>
internal sealed class RequestIdMiddleware(AccessLog log, ILogger<RequestIdMiddleware> logger) : IFunctionsWorkerMiddleware
{
    /// <summary>Name of the header.</summary>
    public const string Header = "x-request-id";

    /// <summary>Longest id that is taken over from a caller.</summary>
    private const int MaxLength = 100;

    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
            return next(context);
        var scope = Begin(http, IdOf(http.Request) ?? context.InvocationId);
        // Not disposed of: this runs within a method of the host's that is asynchronous, and what was set here ends with it.
        _ = logger.BeginScope(scope);
        var began = Stopwatch.GetTimestamp();
        var running = next(context);
        if (!running.IsCompleted)
            return EndAsync(running, scope, context, http, began);
        log.Write(context, http, began);
        scope.End();
        return running;
    }

    /// <summary>The id that a caller sent; null where it sent none, or one that is not taken over.</summary>
    internal static string? IdOf(HttpRequest request) => request.Headers[Header] is [{ } own] && IsSane(own) ? own : null;

    /// <summary>Sends the id and the trace back with the answer.</summary>
    /// <returns>The scope for the log.</returns>
    internal static RequestScope Begin(HttpContext http, string id)
    {
        http.Response.Headers[Header] = id;
        return new RequestScope(id, TraceOf(http));
    }

    private async Task EndAsync(Task running, RequestScope scope, FunctionContext context, HttpContext http, long began)
    {
        try
        {
            await running;
        }
        finally
        {
            log.Write(context, http, began);
            scope.End();
        }
    }

    private static string? TraceOf(HttpContext http)
    {
        if (http.Request.Headers.TraceParent is not [{ } parent] || !ActivityContext.TryParse(parent, null, out var trace))
            return null;
        http.Response.Headers.TraceParent = parent;
        return trace.TraceId.ToHexString();
    }

    private static bool IsSane(string id) =>
        id.Length is > 0 and <= MaxLength && !id.AsSpan().ContainsAnyExceptInRange('!', '~');
}
