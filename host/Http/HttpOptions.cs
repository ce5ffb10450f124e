using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>host.json's <c>extensions.http</c>.</summary>
internal sealed class HttpOptions
{
    private const string Path = "extensions:http";
    private const int DefaultMaxOutstandingRequests = 200;
    private const int DefaultMaxConcurrentRequests = 100;

    public HttpOptions(IConfiguration configuration)
    {
        var reader = new HostJsonReader(configuration);
        reader.Section(Path);
        RoutePrefix = reader.Text($"{Path}:routePrefix", "api").Trim('/');
        MaxOutstandingRequests = reader.Limit($"{Path}:maxOutstandingRequests", DefaultMaxOutstandingRequests);
        MaxConcurrentRequests = reader.Limit($"{Path}:maxConcurrentRequests", DefaultMaxConcurrentRequests);
        CustomHeaders = [.. reader.Section($"{Path}:customHeaders").GetChildren().Select(header => new KeyValuePair<string, string>(header.Key, header.Value ?? ""))];
    }

    /// <summary>What every route begins with, without slashes at its ends.</summary>
    public string RoutePrefix { get; }

    /// <summary>How many requests may run or wait; null for any number.</summary>
    public int? MaxOutstandingRequests { get; }

    /// <summary>How many requests may run at a time; null for any number.</summary>
    public int? MaxConcurrentRequests { get; }

    /// <summary>Headers of every function's answer.</summary>
    public KeyValuePair<string, string>[] CustomHeaders { get; }
}
