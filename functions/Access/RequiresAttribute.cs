namespace Larder.Functions;

/// <summary>The least role that a caller of this HTTP function needs.</summary>
/// <param name="role">The role; <see cref="Role.None"/> opens the function to everyone.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(Role role) : Attribute
{
    /// <summary>The role.</summary>
    public Role Role { get; } = role;
}
