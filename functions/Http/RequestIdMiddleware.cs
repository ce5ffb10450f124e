using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Functions;

/// <summary>
/// Gives every answer an <c>x-request-id</c>: the caller's, where it sent a sane one, else the invocation's.
/// The same id is in the log line of a fault.
/// </summary>
internal sealed class RequestIdMiddleware : IFunctionsWorkerMiddleware
{
    /// <summary>Name of the header.</summary>
    public const string Header = "x-request-id";

    /// <summary>Longest id that is taken over from a caller.</summary>
    private const int MaxLength = 100;

    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var given = http.Request.Headers[Header];
            http.Response.Headers[Header] = given is [{ } id] && IsSane(id) ? given : context.InvocationId;
        }
        return next(context);
    }

    private static bool IsSane(string id) =>
        id.Length is > 0 and <= MaxLength && !id.AsSpan().ContainsAnyExceptInRange('!', '~');
}
