namespace Larder.Functions;

/// <summary>Roles as settings and sentences call them.</summary>
internal static class RoleNames
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
