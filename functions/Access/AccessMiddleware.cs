using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>
/// Decides, before anything of a function runs, whether its caller may call it, and not too often. Whoever gets through is
/// <see cref="CallerExtensions.Caller"/>. The host has checked the key by then, where the function is not open to everyone.
/// </summary>
internal sealed partial class AccessMiddleware(
    FunctionAccess functions, Callers callers, BrowserGuard browsers, RateLimits limits, ILogger<AccessMiddleware> logger) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
            return next(context);
        var function = functions.Of(context.FunctionDefinition.Name);
        if (function.IsProbe)
        {
            http.Features.Set(Caller.Anonymous);
            return next(context);
        }

        if (browsers.Refuse(http.Request) is { } sentence)
            return Refuse(context, new ErrorAnswer(ErrorKind.Forbidden, sentence));
        var caller = callers.Of(http.Request, function.IsKeyChecked);
        if (limits.Take(caller) is > 0 and var seconds)
        {
            return Refuse(
                context,
                new ErrorAnswer(ErrorKind.TooMany, $"{caller.Name} sends requests faster than this server takes them.").WithHeader(HeaderNames.RetryAfter, $"{seconds}"));
        }
        if (caller.Role < function.Role)
        {
            var needed = RoleNames.Of(function.Role);
            LogRefused(caller.Name, RoleNames.Of(caller.Role), context.FunctionDefinition.Name, needed);
            // Nobody has asked for a key yet where the host has none.
            return caller == Caller.Anonymous && callers.IsOpen
                ? Refuse(context, new ErrorAnswer(ErrorKind.Unauthenticated, $"This needs the role {needed}; nothing in the request tells who sends it."))
                : Refuse(context, new ErrorAnswer(ErrorKind.Forbidden, $"This needs the role {needed}."));
        }

        http.Features.Set(caller);
        return next(context);
    }

    // Not by an exception: to refuse a flood must cost little.
    private static Task Refuse(FunctionContext context, ErrorAnswer answer)
    {
        context.GetInvocationResult().Value = answer;
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "{Caller}, with the role {Role}, was refused {Function}, which needs {Needed}.")]
    private partial void LogRefused(string caller, string role, string function, string needed);
}
