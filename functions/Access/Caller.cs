using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>Who a request comes from.</summary>
/// <param name="Name">The function key's name, the signed-in user or application, or <c>local</c>. It goes into job and audit records.</param>
/// <param name="Role">What they may do.</param>
public sealed record Caller(string Name, Role Role)
{
    /// <summary>Whoever calls a server that has no keys, which listens on loopback only.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);
}

/// <summary>Finds the caller again.</summary>
internal static class CallerExtensions
{
    /// <summary>Who the request comes from.</summary>
    public static Caller Caller(this HttpRequest request) => request.HttpContext.Features.Get<Caller>() ?? Functions.Caller.Local;
}
