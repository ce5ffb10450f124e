using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Access;

/// <summary>Finds the caller again.</summary>
internal static class CallerExtensions
{
    /// <summary>Who the request comes from.</summary>
    public static Caller Caller(this HttpRequest request) =>
        request.HttpContext.Features.Get<Caller>() ?? throw new InvalidOperationException($"The request did not pass {nameof(AccessGate)}.");

    /// <summary>A run that the caller changes or reads: the token of a job is good for the job's run only.</summary>
    /// <exception cref="ForbiddenException">It is another run (403).</exception>
    public static RunKey RequireRun(this HttpRequest request, string id)
    {
        var own = request.Caller().Run;
        return own is null || own == id ? new RunKey(id, ByJob: own is not null) : throw new ForbiddenException($"The token of a job is good for the job's run {own}, and for no other.");
    }

    /// <summary>For what is about all models, in a function that has calls about one, too (<see cref="ScopeRule.AllModels"/>).</summary>
    /// <exception cref="ForbiddenException">The caller's token has a scope (403).</exception>
    public static void RequireNoScope(this HttpRequest request)
    {
        if (request.Caller() is { Scope: not null } caller)
            throw new ForbiddenException(AllModels(caller));
    }

    /// <summary>Why a token with a scope is refused what is about all models.</summary>
    public static string AllModels(Caller caller) => $"This is about all models, and the token {caller.Name} has a scope: use a token without one.";

    /// <summary>For what needs more than the function's own <see cref="RequiresAttribute"/> says.</summary>
    /// <param name="request">The request.</param>
    /// <param name="role">The least role.</param>
    /// <param name="what">What needs it, as the beginning of a sentence.</param>
    /// <exception cref="ForbiddenException">The caller has less (403).</exception>
    public static void Require(this HttpRequest request, Role role, string what)
    {
        if (request.Caller().Role < role)
            throw new ForbiddenException($"{what} needs the role {RoleNames.Of(role)}.");
    }
}
