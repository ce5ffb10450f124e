using System.Text.Json.Serialization;

namespace Larder.Registry.Access;

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
