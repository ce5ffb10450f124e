using System.Text.Json.Serialization;

namespace Larder.Registry.Access;

/// <summary>Who a request comes from.</summary>
/// <param name="Name">The token's or key's name, the signed-in user or application, or <c>local</c>. It goes into job and audit records.</param>
/// <param name="Role">What the caller may do.</param>
/// <param name="Scope">The models that the caller may do it with; null for all.</param>
/// <param name="Run">The run that the caller may log to, and nothing else; null where the role and the scope decide.</param>
public sealed record Caller(string Name, Role Role, ModelScope? Scope = null, string? Run = null)
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

/// <summary>What a caller may do. Each role may do what those before it may.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    /// <summary>Nothing but what is open to everyone: the greeting and the probes.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Look: models, versions, jobs, logs, schedules, metrics.</summary>
    [JsonStringEnumMemberName("reader")]
    Reader,

    /// <summary>Predict.</summary>
    [JsonStringEnumMemberName("predictor")]
    Predictor,

    /// <summary>Change models, score data sets, run code in a container.</summary>
    [JsonStringEnumMemberName("contributor")]
    Contributor,

    /// <summary>Everything: whole models' deletion, tokens, the audit log, export and import.</summary>
    [JsonStringEnumMemberName("admin")]
    Admin,
}

/// <summary>Roles as settings, requests and sentences call them.</summary>
public static class RoleNames
{
    /// <summary>Every role that can be given, for a sentence.</summary>
    public const string All = "reader, predictor, contributor or admin";

    /// <summary>The name of a role.</summary>
    public static string Of(Role role) => role switch
    {
        Role.Reader => "reader",
        Role.Predictor => "predictor",
        Role.Contributor => "contributor",
        Role.Admin => "admin",
        _ => "none",
    };

    /// <summary>The role of a name, which is written exactly so; null when there is none.</summary>
    public static Role? Find(string? name) => name switch
    {
        "reader" => Role.Reader,
        "predictor" => Role.Predictor,
        "contributor" => Role.Contributor,
        "admin" => Role.Admin,
        _ => null,
    };
}
