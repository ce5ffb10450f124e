namespace Larder.Functions.Access;

/// <summary>What the platform says of itself, in environment variables that are its own.</summary>
/// <param name="IsAzure">Whether this is one of Azure's function apps.</param>
/// <param name="IsAuthenticating">Whether App Service Authentication stands before it, and with that removes what callers send under the names of its headers.</param>
internal sealed record Platform(bool IsAzure, bool IsAuthenticating)
{
    /// <summary>The platform that this process runs on.</summary>
    public static Platform Here() => new(
        IsSet("WEBSITE_INSTANCE_ID") || IsSet("WEBSITE_SITE_NAME"), bool.TryParse(Environment.GetEnvironmentVariable("WEBSITE_AUTH_ENABLED"), out var isOn) && isOn);

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
