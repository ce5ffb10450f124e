using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>Who a request comes from.</summary>
/// <param name="Name">The function key's name, the signed-in user or application, or <c>local</c>. It goes into job and audit records.</param>
/// <param name="Role">What they may do.</param>
public sealed record Caller(string Name, Role Role)
{
    /// <summary>Whoever calls a server that has no keys, which listens on loopback only.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);

    /// <summary>Whoever brings nothing that tells who they are.</summary>
    public static Caller Anonymous { get; } = new("anonymous", Role.None);
}

/// <summary>Finds the caller again.</summary>
internal static class CallerExtensions
{
    /// <summary>Who the request comes from.</summary>
    public static Caller Caller(this HttpRequest request) =>
        request.HttpContext.Features.Get<Caller>() ?? throw new InvalidOperationException($"The request did not pass {nameof(AccessMiddleware)}.");

    /// <summary>For what needs more than the function's own <see cref="RequiresAttribute"/> says.</summary>
    /// <param name="request">The request.</param>
    /// <param name="role">The least role.</param>
    /// <param name="what">What needs it, as the beginning of a sentence.</param>
    /// <exception cref="RefusedException">The caller has less (403).</exception>
    public static void Require(this HttpRequest request, Role role, string what)
    {
        if (request.Caller().Role < role)
            throw new RefusedException(ErrorKind.Forbidden, $"{what} needs the role {RoleNames.Of(role)}.");
    }
}
