using Larder.Host.Tests.Support;
using Larder.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>Hosts in the test's process, with the functions of one class, on some storage. Hosts with the same id are hosts of one application.</summary>
internal static class TriggerHost
{
    /// <summary>Builds and starts a host.</summary>
    /// <typeparam name="TFunctions">The class with its functions.</typeparam>
    /// <param name="settings">All its settings.</param>
    /// <param name="services">What its functions need.</param>
    public static Task<TestHost> StartAsync<TFunctions>(Dictionary<string, string?> settings, params object[] services) =>
        TestHost.StartAsync(SetupOf<TFunctions>(settings, services));

    /// <summary>What such a host is made of.</summary>
    public static TestHostSetup SetupOf<TFunctions>(Dictionary<string, string?> settings, params object[] services) => new()
    {
        Functions = [typeof(TFunctions)],
        Configure = builder =>
        {
            builder.Configuration.AddInMemoryCollection(settings);
            foreach (var service in services)
                builder.Services.AddSingleton(service is TimeProvider ? typeof(TimeProvider) : service.GetType(), service);
        },
    };

    /// <summary>The sentences with which a host refuses to be built.</summary>
    public static Task<string> RefusalAsync<TFunctions>(Dictionary<string, string?> settings) => TestHost.RefusalAsync(SetupOf<TFunctions>(settings));

    /// <summary>The settings of an application of its own.</summary>
    public static Dictionary<string, string?> SettingsOn(Azurite azurite) => new()
    {
        ["AzureWebJobsStorage"] = azurite.ConnectionString,
        ["AzureFunctionsWebHost:hostid"] = NewName(),
        ["SelfHost:Blobs:MaxPollingInterval"] = "00:00:00.1",
    };

    /// <summary>A name that no other test uses, good for a container or a host id.</summary>
    public static string NewName() => $"t{Guid.NewGuid():N}"[..24];

    /// <summary>The log with level, message and exception in one line.</summary>
    public static List<string> Lines(this CapturedLog log) =>
        [.. log.Entries.Select(entry => $"{entry.Level}: {entry.Message} {entry.Exception?.Message}".TrimEnd())];
}
