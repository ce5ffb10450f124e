namespace Larder.Orchestrations.Compute;

/// <summary>The platform that Azure's function apps run on.</summary>
public static class AppService
{
    /// <summary>Whether this process runs there. Both variables are the platform's own.</summary>
    public static bool IsHere => IsSet("WEBSITE_INSTANCE_ID") || IsSet("WEBSITE_SITE_NAME");

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
