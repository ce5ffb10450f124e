using Larder.Host.Emulator;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Configuration;

/// <summary>Where the application's configuration comes from.</summary>
internal static class HostConfiguration
{
    private const string Development = "Development";

    /// <summary>As <c>func start</c> decides it.</summary>
    public static string EnvironmentName() =>
        Variable("AZURE_FUNCTIONS_ENVIRONMENT") ?? Variable("DOTNET_ENVIRONMENT") ?? Variable("ASPNETCORE_ENVIRONMENT") ?? Development;

    /// <summary>
    /// host.json, then local.settings.json, then environment variables, then the command line: a later one wins. Without any of them there is
    /// storage all the same: the emulator's, where Core Tools would ask for the setting.
    /// </summary>
    public static void AddSources(IConfigurationBuilder configuration, string root, HostCommandLine commandLine)
    {
        configuration.AddInMemoryCollection([new(StorageEmulator.Setting, StorageEmulator.DevelopmentStorage)]);
        configuration.AddInMemoryCollection(HostJsonFile.Read(Path.Combine(root, HostJsonFile.Name)));
        configuration.AddInMemoryCollection(LocalSettingsFile.Read(Path.Combine(root, LocalSettingsFile.Name)));
        configuration.AddEnvironmentVariables("DOTNET_");
        configuration.AddEnvironmentVariables("ASPNETCORE_");
        configuration.AddEnvironmentVariables();
        configuration.AddInMemoryCollection(commandLine.Settings);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
