using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Access;

/// <summary>
/// The one decision on who may call what, for functions and for calls of the self-host's gRPC services: the caller, the caller's rate, the role, and whether a token with a scope is of use at all. Whether a scope
/// covers a model is asked where the model's name is known (<see cref="ModelScopes"/>).
/// </summary>
internal sealed partial class AccessGate(CallerResolver callers, RateLimits limits, ILogger<AccessGate> logger)
{
    /// <summary>Decides on a request; at once where the caller is known from memory. The caller of one that passes is <see cref="CallerExtensions.Caller"/>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="name">Name of what is called.</param>
    /// <param name="function">What that declares of its callers.</param>
    /// <returns>The caller, or the refusal.</returns>
    public ValueTask<Identity> DecideAsync(HttpContext http, string name, RoleRequirements.Entry function)
    {
        // What is open to everyone does not tell whether a credential is right.
        if (function.Role == Role.None && !callers.IsShut)
            return new ValueTask<Identity>(Decide(http, name, function, new Identity(callers.IsOpen ? Caller.Local : Caller.Anonymous)));
        var identity = callers.OfAsync(http.Request, name);
        return identity.IsCompletedSuccessfully ? new ValueTask<Identity>(Decide(http, name, function, identity.Result)) : new ValueTask<Identity>(WaitAsync(http, name, function, identity));
    }

    private async Task<Identity> WaitAsync(HttpContext http, string name, RoleRequirements.Entry function, ValueTask<Identity> identity) => Decide(http, name, function, await identity);

    private Identity Decide(HttpContext http, string name, RoleRequirements.Entry function, in Identity identity)
    {
        if (identity.Caller is not { } caller)
            return identity;
        // Also for the log line of a refusal.
        http.Features.Set(caller);
        if (limits.Take(caller) is > 0 and var seconds)
            return new Identity(null, ErrorKind.TooMany, $"{caller.Name} sends requests faster than this server takes them.", seconds);
        var needed = RoleNames.Of(function.Role);
        if (ReferenceEquals(caller, Caller.Anonymous) && (callers.IsShut || function.Role > Role.None))
        {
            return new Identity(null, ErrorKind.Unauthenticated, callers.IsShut
                ? "No token, key or sign-in is configured, so this server answers probes only: set Access:AdminTokenSha256 to the SHA-256 of a token (docs/access.md)."
                : $"This needs the role {needed}, and the request has no credentials. Send a token or key as {Credential.Ways}.");
        }
        if (caller.Role < function.Role)
        {
            LogRefused(caller.Name, RoleNames.Of(caller.Role), name, needed);
            return new Identity(null, ErrorKind.Forbidden, $"This needs the role {needed}.");
        }

        if (caller.Run is not null && function is { IsForRuns: false, Role: > Role.None })
            return new Identity(null, ErrorKind.Forbidden, "The token of a job is good for logging to the job's run, and for nothing else.");

        return caller.Scope is not null && function.Scope == ScopeRule.AllModels
            ? new Identity(null, ErrorKind.Forbidden, CallerExtensions.AllModels(caller))
            : identity;
    }

    [LoggerMessage(1, LogLevel.Information, "{Caller}, with the role {Role}, was refused {Function}, which needs {Needed}.")]
    private partial void LogRefused(string caller, string role, string function, string needed);
}
