using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Functions.Hosting;

/// <summary>Settings of MLflow's tracking (<c>Tracking:*</c>).</summary>
public sealed record TrackingOptions : IValidatableObject
{
    /// <summary>The address under which training scripts reach this server; null for the one that it knows itself.</summary>
    public Uri? Uri { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Uri is { } uri && !(uri.IsAbsoluteUri && uri.Scheme is "http" or "https" && uri.Query.Length == 0 && uri.Fragment.Length == 0))
            yield return new ValidationResult($"It must be an address as https://larder.example.com; got '{uri}'.", [nameof(Uri)]);
    }
}

/// <summary>The address under which a script reaches this server.</summary>
internal sealed class OwnAddress(IServiceProvider services)
{
    // Set by Azure, and by Core Tools to what they listen on. The worker's own address is the host's only to know.
    private const string HostName = "WEBSITE_HOSTNAME";

    /// <summary>Finds it; null where it is not known.</summary>
    public Uri? Find()
    {
        if (services.GetRequiredService<TrackingOptions>().Uri is { } given)
            return given;
        if (services.GetRequiredService<IConfiguration>()[HostName] is { Length: > 0 } host)
            return new Uri($"{(host.StartsWith("localhost:", StringComparison.Ordinal) ? "http" : "https")}://{host}");
        return services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address
            ? new Uri(address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal))
            : null;
    }
}
