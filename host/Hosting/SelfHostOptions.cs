using System.Reflection;

namespace Larder.Host;

/// <summary>What a host takes from its process; tests give it something else.</summary>
internal sealed class SelfHostOptions
{
    /// <summary>The assembly where the search for functions and extensions begins.</summary>
    public required Assembly FunctionAssembly { get; init; }

    /// <summary>The only classes whose functions count; null for all.</summary>
    public IReadOnlyList<Type>? FunctionClasses { get; init; }

    /// <summary>Where host.json and local.settings.json are.</summary>
    public string Root { get; init; } = AppContext.BaseDirectory;

    /// <summary>Where the function list and the ready line go.</summary>
    public TextWriter Output { get; init; } = Console.Out;
}
