using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Hosting;

/// <summary>What a host takes from its process; tests give it something else.</summary>
internal sealed class SelfHostOptions
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>The assembly where the search for functions begins. Its name is the application's: the host id in storage comes from it.</summary>
    public required Assembly FunctionAssembly { get; init; }

    /// <summary>The only classes whose functions count; null for all.</summary>
    public IReadOnlyList<Type>? FunctionClasses { get; init; }

    /// <summary>Names that functions had in earlier releases, each with the present one: blobs that were handled under a former one are not handled again.</summary>
    public IReadOnlyDictionary<string, string> FormerNames { get; init; } = None;

    /// <summary>Whether the application asks its callers for credentials, by its settings. Where it does not, only loopback addresses are bound.</summary>
    public Func<IConfiguration, bool> AsksForCredentials { get; init; } = _ => false;

    /// <summary>Writes the body of what the host itself refuses, once the status is set: too many requests, a failed invocation. Null: there is no body, as with the Functions host.</summary>
    public Func<HttpContext, Task>? WriteRefusal { get; init; }

    /// <summary>The application's gRPC services, which are served where a port for gRPC is asked for; null when it has none.</summary>
    public GrpcServices? Grpc { get; init; }

    /// <summary>The path of the application's help. With it the host prints a few lines when it is ready; without it, the functions with their addresses.</summary>
    public string? HelpPath { get; init; }

    /// <summary>Where host.json and local.settings.json are.</summary>
    public string Root { get; init; } = AppContext.BaseDirectory;

    /// <summary>Where the lines go that are printed when the host is ready.</summary>
    public TextWriter Output { get; init; } = Console.Out;
}

/// <summary>gRPC services of an application.</summary>
/// <param name="Add">Registers what they need.</param>
/// <param name="Map">Maps them to their paths, after the functions.</param>
internal sealed record GrpcServices(Action<IServiceCollection> Add, Action<WebApplication> Map);
