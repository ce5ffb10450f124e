using Larder.Registry.Access;

namespace Larder.Functions.Access;

/// <summary>The least role that a caller of this HTTP function needs. Every HTTP function has one: <see cref="RoleRequirements"/> sees to it.</summary>
/// <param name="role">The role; <see cref="Role.None"/> opens the function to everyone.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(Role role) : Attribute
{
    /// <summary>The role.</summary>
    public Role Role { get; } = role;

    /// <summary>What the function has to do with models, where its route does not name one.</summary>
    public ScopeRule Scope { get; init; }

    /// <summary>Whether the token of a job may be used for it, which is good for the job's own run: <see cref="CallerExtensions.RequireRun"/> sees to that.</summary>
    public bool IsForRuns { get; init; }

    /// <summary>Whether a load balancer asks it: it is answered under whatever name and as often as it is asked. Open to everyone, then.</summary>
    public bool IsProbe { get; init; }
}

/// <summary>How a function holds to the scope of its caller's token.</summary>
public enum ScopeRule
{
    /// <summary>Its route names a model (<c>{model}</c>, <c>{reference}</c>): <see cref="AccessMiddleware"/> holds that to the scope. Without such a route it is an error at start.</summary>
    Route,

    /// <summary>It asks itself: a list, which shows what is in scope, or a job, whose model <c>JobAccess</c> knows.</summary>
    Function,

    /// <summary>It has to do with no model.</summary>
    NoModel,

    /// <summary>It has to do with all models: a token with a scope is refused.</summary>
    AllModels,
}
