using Larder.Registry;

namespace Larder.Functions;

/// <summary>The least role that a caller of this HTTP function needs. Every HTTP function has one: <see cref="FunctionAccess"/> sees to it.</summary>
/// <param name="role">The role; <see cref="Role.None"/> opens the function to everyone.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(Role role) : Attribute
{
    /// <summary>The role.</summary>
    public Role Role { get; } = role;

    /// <summary>Whether a load balancer asks it: it is answered under whatever name and as often as it is asked. Open to everyone, then.</summary>
    public bool IsProbe { get; init; }
}
