using System.Globalization;
using System.Net;
using Larder.Host.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using IPNetwork = System.Net.IPNetwork;

namespace Larder.Host.Hosting;

/// <summary>
/// What a reverse proxy in front of the host changes: the settings <c>SelfHost:PathBase</c>, <c>SelfHost:KnownProxies</c> and <c>SelfHost:ForwardLimit</c>.
/// </summary>
internal sealed class ProxyOptions
{
    private const string PathBaseSetting = "SelfHost:PathBase";
    private const string KnownProxiesSetting = "SelfHost:KnownProxies";
    private const string ForwardLimitSetting = "SelfHost:ForwardLimit";

    /// <exception cref="SelfHostException">A value cannot be used: a sentence.</exception>
    public ProxyOptions(IConfiguration settings)
    {
        PathBase = ReadPathBase(settings[PathBaseSetting] ?? "");
        KnownProxies = [.. (settings[KnownProxiesSetting] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ReadNetwork)];
        ForwardLimit = ReadLimit(settings[ForwardLimitSetting]);
    }

    /// <summary>The path below which callers reach the host; empty for none.</summary>
    public PathString PathBase { get; }

    /// <summary>The proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed.</summary>
    public IReadOnlyList<IPNetwork> KnownProxies { get; }

    /// <summary>How many of them a request may come through.</summary>
    public int ForwardLimit { get; }

    /// <summary>Adds the middleware, which comes before routing.</summary>
    public void Configure(WebApplication app)
    {
        if (KnownProxies.Count > 0)
            app.UseForwardedHeaders(Forwarded());
        if (PathBase.HasValue)
            app.Use(BelowPathBase);
    }

    // The host's name is not taken from a header: a proxy that does not set that header hands on the client's own. Proxies can be told to keep Host.
    private ForwardedHeadersOptions Forwarded()
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = ForwardLimit };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in KnownProxies)
            options.KnownIPNetworks.Add(proxy);
        return options;
    }

    // UsePathBase would leave a request without the base as it is: then the links of a proxy that removes the base would lack it.
    private RequestDelegate BelowPathBase(RequestDelegate next) => http =>
    {
        if (http.Request.Path.StartsWithSegments(PathBase, out var rest))
            http.Request.Path = rest.HasValue ? rest : "/";
        http.Request.PathBase = PathBase;
        return next(http);
    };

    private static PathString ReadPathBase(string text)
    {
        var path = text.TrimEnd('/');
        if (path.Length == 0)
            return default;
        return path.Split('/') is ["", .. var segments] && segments.All(IsSegment)
            ? new PathString(path)
            : throw new SelfHostException($"The setting '{PathBaseSetting}' must be a path such as /larder, of letters, digits, '-', '_' and '.'; it is '{text}'.");
    }

    private static bool IsSegment(string text) =>
        text.Length > 0 && text is not ("." or "..") && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.');

    private static IPNetwork ReadNetwork(string text) =>
        IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : IPNetwork.TryParse(text, out var network) ? network
        : throw new SelfHostException($"The setting '{KnownProxiesSetting}' must be addresses and networks such as 10.0.0.5, 10.1.0.0/16, separated by commas; '{text}' is neither.");

    private static int ReadLimit(string? text) =>
        string.IsNullOrEmpty(text) ? 1
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100 ? limit
        : throw new SelfHostException($"The setting '{ForwardLimitSetting}' must be a number from 1 to 100; it is '{text}'.");
}
