
namespace Larder.Host.Tests.Support;

/// <summary>What a host in a test is made of.</summary>
internal sealed record TestHostSetup
{
    public const string NoPrefix = """{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""";

    public IReadOnlyList<Type> Functions { get; init; } = [];

    public IReadOnlyDictionary<string, string> FormerNames { get; init; } = new Dictionary<string, string>();

    public string? HostJson { get; init; } = NoPrefix;

    public string? LocalSettings { get; init; }

    public string[] Arguments { get; init; } = ["--port", "0"];

    /// <summary>In place of the call of ConfigureFunctionsWebApplication.</summary>
    public Action<SelfHostBuilder>? Configure { get; init; }
}
