using Larder.Host.Configuration;
using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Http;

/// <summary>host.json's <c>extensions.http</c>.</summary>
internal sealed class HttpOptions
{
    private const string Path = "extensions:http";
    private const int DefaultMaxOutstandingRequests = 200;
    private const int DefaultMaxConcurrentRequests = 100;

    /// <summary>What is read of it.</summary>
    public static readonly HostJsonKeys Keys = new(
        Path,
        ["routePrefix", "maxOutstandingRequests", "maxConcurrentRequests", "customHeaders:*", "hsts:isEnabled", "hsts:maxAge", "hsts:includeSubDomains", "hsts:preload"]);

    private readonly HostJsonReader _reader;

    public HttpOptions(IConfiguration configuration)
    {
        _reader = new HostJsonReader(configuration);
        _reader.Section(Path);
        RoutePrefix = _reader.Text($"{Path}:routePrefix", "api");
        MaxOutstandingRequests = _reader.Limit($"{Path}:maxOutstandingRequests", DefaultMaxOutstandingRequests);
        MaxConcurrentRequests = _reader.Limit($"{Path}:maxConcurrentRequests", DefaultMaxConcurrentRequests);
        CustomHeaders = [.. _reader.Section($"{Path}:customHeaders").GetChildren().Select(header => KeyValuePair.Create(header.Key, _reader.Text($"{Path}:customHeaders:{header.Key}", "")))];
        Hsts = _reader.Flag($"{Path}:hsts:isEnabled", false);
    }

    /// <summary>What every route begins with.</summary>
    public string RoutePrefix { get; }

    /// <summary>How many requests may run or wait; null for any number.</summary>
    public int? MaxOutstandingRequests { get; }

    /// <summary>How many requests may run at a time; null for any number.</summary>
    public int? MaxConcurrentRequests { get; }

    /// <summary>Headers of every function's answer.</summary>
    public KeyValuePair<string, string>[] CustomHeaders { get; }

    /// <summary>Whether answers over HTTPS tell browsers to use nothing else.</summary>
    public bool Hsts { get; }

    /// <summary>Reads what they are told.</summary>
    public void Configure(HstsOptions options)
    {
        options.MaxAge = _reader.Time($"{Path}:hsts:maxAge") ?? options.MaxAge;
        options.IncludeSubDomains = _reader.Flag($"{Path}:hsts:includeSubDomains", options.IncludeSubDomains);
        options.Preload = _reader.Flag($"{Path}:hsts:preload", options.Preload);
    }
}
