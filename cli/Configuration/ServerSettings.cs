using Larder.Cli.Running;

namespace Larder.Cli.Configuration;

/// <summary>The server that a command talks to.</summary>
/// <param name="Url">Its address.</param>
/// <param name="UrlSource">Where that was found.</param>
/// <param name="Token">The token; null for none.</param>
/// <param name="TokenSource">Where that was found; null for none.</param>
internal sealed record ServerSettings(Uri Url, string UrlSource, string? Token, string? TokenSource)
{
    public const string UrlVariable = "LARDER_URL";
    public const string TokenVariable = "LARDER_TOKEN";

    private const string Default = "http://localhost:7071";

    /// <summary>Whether the token would go over the network in clear text.</summary>
    public bool IsUnprotected => Token is not null && Url.Scheme == Uri.UriSchemeHttp && !Url.IsLoopback;

    /// <summary>An option counts more than the environment, and that more than the config file. The file's token is sent to the file's server only.</summary>
    /// <exception cref="UsageException">The address is none.</exception>
    public static ServerSettings Resolve(string? url, string? token, Func<string, string?> environment, ConfigFile config)
    {
        var values = config.Read();
        var (address, source) =
            url is not null ? (url, "--url")
            : environment(UrlVariable) is { Length: > 0 } variable ? (variable, UrlVariable)
            : values.Url is { } configured ? (configured, config.FullPath)
            : (Default, "the default");
        var parsed = Parse(address, source);
        var (secret, secretSource) =
            token is not null ? (token, "--token")
            : environment(TokenVariable) is { Length: > 0 } secretVariable ? (secretVariable, TokenVariable)
            : values is { Token: { } kept, Url: { } owner } && Parse(owner, config.FullPath) == parsed ? (kept, config.FullPath)
            : ((string?)null, (string?)null);
        return new ServerSettings(parsed, source, secret is null ? null : Checked(secret, secretSource!), secretSource);
    }

    /// <summary>The address of a server.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static Uri Parse(string address, string source) =>
        Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Query.Length == 0
            ? url
            : throw new UsageException($"The server's address must be like http://localhost:7071; {source} says '{address}'.");

    /// <summary>A token that a header can carry.</summary>
    /// <exception cref="UsageException">It has other characters, such as a line break.</exception>
    public static string Checked(string token, string source) =>
        token.AsSpan().ContainsAnyExceptInRange('!', '~') || token.Length == 0
            ? throw new UsageException($"The token of {source} is empty or has a space, a line break or another character that no token has.")
            : token;
}
