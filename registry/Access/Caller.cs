namespace Larder.Registry.Access;

/// <summary>Who a request comes from.</summary>
/// <param name="Name">The token's or key's name, the signed-in user or application, or <c>local</c>. It goes into job and audit records.</param>
/// <param name="Role">What the caller may do.</param>
/// <param name="Scope">The models that the caller may do it with; null for all.</param>
public sealed record Caller(string Name, Role Role, ModelScope? Scope = null)
{
    /// <summary>The name of callers with <c>MasterKey</c>.</summary>
    public const string Master = "master";

    /// <summary>The name of callers with the token of <c>Access:AdminTokenSha256</c>.</summary>
    public const string AdminToken = "admin-token";

    /// <summary>A caller of a server that asks for no credentials, which listens on loopback only.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);

    /// <summary>Who puts files into storage: a right that is storage's to give.</summary>
    public static Caller Drop { get; } = new("drop", Role.Contributor);

    /// <summary>A caller that sends no credentials.</summary>
    public static Caller Anonymous { get; } = new("anonymous", Role.None);
}
