using System.Reflection;
using Microsoft.Extensions.Configuration;

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

    /// <summary>Where host.json and local.settings.json are.</summary>
    public string Root { get; init; } = AppContext.BaseDirectory;

    /// <summary>Where the function list and the ready line go.</summary>
    public TextWriter Output { get; init; } = Console.Out;
}
