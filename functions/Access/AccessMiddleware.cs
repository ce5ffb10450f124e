using Larder.Functions.Http;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Access;

/// <summary>
/// Decides, before anything of a function runs, whether its caller may call it, and not too often. The caller of a request that passes is
/// <see cref="CallerExtensions.Caller"/>. The host checks nothing: every function is anonymous to it.
/// </summary>
internal sealed partial class AccessMiddleware(
    RoleRequirements functions, CallerResolver callers, OriginFilter browsers, CrossOrigin pages, RateLimits limits, ModelScopes scopes, ILogger<AccessMiddleware> logger) : IFunctionsWorkerMiddleware
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
            return Refuse(context, http, ErrorKind.Forbidden, sentence);
        if (pages.Answers(http))
        {
            context.GetInvocationResult().Value = new NoContentResult();
            return Task.CompletedTask;
        }
        // What is open to everyone does not tell whether a credential is right.
        if (function.Role == Role.None && !callers.IsShut)
            return Decide(context, http, function, new Identity(callers.IsOpen ? Caller.Local : Caller.Anonymous), next);
        var identity = callers.OfAsync(http.Request, context.FunctionDefinition.Name);
        return identity.IsCompletedSuccessfully ? Decide(context, http, function, identity.Result, next) : DecideAsync(context, http, function, identity, next);
    }

    private async Task DecideAsync(FunctionContext context, HttpContext http, RoleRequirements.Entry function, ValueTask<Identity> identity, FunctionExecutionDelegate next) =>
        await Decide(context, http, function, await identity, next);

    private Task Decide(FunctionContext context, HttpContext http, RoleRequirements.Entry function, Identity identity, FunctionExecutionDelegate next)
    {
        if (identity.Caller is not { } caller)
            return Refuse(context, http, identity.Kind, identity.Sentence, identity.RetryAfter);
        // Also for the log line of a refusal.
        http.Features.Set(caller);
        if (limits.Take(caller) is > 0 and var seconds)
            return Refuse(context, http, ErrorKind.TooMany, $"{caller.Name} sends requests faster than this server takes them.", seconds);
        var needed = RoleNames.Of(function.Role);
        if (ReferenceEquals(caller, Caller.Anonymous) && (callers.IsShut || function.Role > Role.None))
        {
            return Refuse(context, http, ErrorKind.Unauthenticated, callers.IsShut
                ? "No token, key or sign-in is configured, so this server answers probes only: set Access:AdminTokenSha256 to the SHA-256 of a token (docs/access.md)."
                : $"This needs the role {needed}, and the request has no credentials. Send a token or key as {Credential.Ways}.");
        }
        if (caller.Role < function.Role)
        {
            LogRefused(caller.Name, RoleNames.Of(caller.Role), context.FunctionDefinition.Name, needed);
            return Refuse(context, http, ErrorKind.Forbidden, $"This needs the role {needed}.");
        }

        return caller.Scope is null ? next(context) : DecideByScopeAsync(context, http, function, caller, next);
    }

    private async Task DecideByScopeAsync(FunctionContext context, HttpContext http, RoleRequirements.Entry function, Caller caller, FunctionExecutionDelegate next)
    {
        if (function.Scope == ScopeRule.AllModels)
        {
            await Refuse(context, http, ErrorKind.Forbidden, $"This is about all models, and the token {caller.Name} has a scope: use a token without one.");
            return;
        }

        // What the function is given: the host's values of the route, whatever the request's address looks like here.
        if (function.ModelParameter is { } parameter)
        {
            var name = $"{context.BindingContext.BindingData.GetValueOrDefault(parameter)}".Split(':')[0];
            if (!await scopes.CoverAsync(caller, name, context.CancellationToken))
            {
                await Refuse(context, http, ErrorKind.Forbidden, ModelScopes.Refusal(caller, name));
                return;
            }
        }
        await next(context);
    }

    // Not by an exception: to refuse a flood must cost little.
    private static Task Refuse(FunctionContext context, HttpContext http, ErrorKind kind, string sentence, int retryAfter = 0)
    {
        if (kind == ErrorKind.Unauthenticated)
            http.Response.Headers.WWWAuthenticate = Credential.Challenges;
        if (retryAfter > 0)
            http.Response.Headers[HeaderNames.RetryAfter] = $"{retryAfter}";
        context.GetInvocationResult().Value = new ErrorAnswer(kind, sentence);
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "{Caller}, with the role {Role}, was refused {Function}, which needs {Needed}.")]
    private partial void LogRefused(string caller, string role, string function, string needed);
}
