using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Access;

/// <summary>
/// Refuses what a browser sends on behalf of a page of another site: changes with another origin (CSRF), and, where no credentials are needed, requests under a host
/// name that the owner of the page made to point here (DNS rebinding).
/// </summary>
internal sealed class OriginFilter(AccessOptions options, CallerResolver callers)
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    private readonly string[] _origins = AccessOptions.Separate(options.AllowedOrigins);
    private readonly string[]? _hosts = !callers.IsOpen || options.AllowedHosts.Trim() == "*" ? null : [.. Loopback, .. AccessOptions.Separate(options.AllowedHosts)];

    /// <summary>Why a request is refused; null when it is not.</summary>
    public string? Refuse(HttpRequest request)
    {
        if (_hosts is not null && !IsKnown(NameOf(request.Host.Value)))
            return "This server answers under the names of this machine only.";
        var origins = request.Headers.Origin;
        if (origins.Count > 1)
            return "A request has one Origin; this one names several.";
        if (origins is [{ } origin] && !IsSafe(request.Method) && !IsOwn(origin, request.Host.Value) && !_origins.Contains(origin, StringComparer.Ordinal))
            return "Changes are not taken from the pages of other sites.";
        return null;
    }

    private bool IsKnown(ReadOnlySpan<char> name)
    {
        foreach (var host in _hosts!)
            if (name.Equals(host, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    private static ReadOnlySpan<char> NameOf(ReadOnlySpan<char> host)
    {
        // A colon within brackets is the address's own.
        var port = host.LastIndexOf(':');
        return port > host.LastIndexOf(']') ? host[..port] : host;
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    // The schemes are not compared: behind a TLS-terminating proxy they differ. The port is in both, or in neither.
    private static bool IsOwn(ReadOnlySpan<char> origin, ReadOnlySpan<char> host)
    {
        var scheme = origin.IndexOf("://");
        return scheme > 0 && host.Length > 0 && origin[(scheme + 3)..].Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
