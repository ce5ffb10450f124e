using Larder.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>A host in the test's process, with the functions of one class, on some storage. Hosts with the same id are hosts of one application.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost host;
    private readonly string root;

    private TestHost(IHost host, string root, CapturedLog log) => (this.host, this.root, Log) = (host, root, log);

    public CapturedLog Log { get; }

    /// <summary>Builds and starts a host.</summary>
    /// <typeparam name="TFunctions">The class with its functions.</typeparam>
    /// <param name="settings">All its settings.</param>
    /// <param name="services">What its functions need.</param>
    public static async Task<TestHost> StartAsync<TFunctions>(Dictionary<string, string?> settings, params object[] services)
    {
        var host = Build(typeof(TFunctions), settings, services);
        await host.host.StartAsync();
        return host;
    }

    /// <summary>The sentences with which a host refuses to be built.</summary>
    public static string Refusal<TFunctions>(Dictionary<string, string?> settings) =>
        Assert.Throws<SelfHostException>(() => Build(typeof(TFunctions), settings, [])).Message;

    /// <summary>The settings of an application of its own.</summary>
    public static Dictionary<string, string?> SettingsOn(Azurite azurite) => new()
    {
        ["AzureWebJobsStorage"] = azurite.ConnectionString,
        ["AzureFunctionsWebHost:hostid"] = NewName(),
        ["AzureFunctionsJobHost:extensions:blobs:maxPollingInterval"] = "00:00:00.1",
    };

    /// <summary>A name that no other test uses, good for a container or a host id.</summary>
    public static string NewName() => $"t{Guid.NewGuid():N}"[..24];

    /// <summary>Stops it as Ctrl-C would.</summary>
    public Task StopAsync() => host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    private static TestHost Build(Type functions, Dictionary<string, string?> settings, object[] services)
    {
        var root = Directory.CreateTempSubdirectory("triggers-").FullName;
        var log = new CapturedLog();
        try
        {
            var builder = new SelfHostBuilder(["--port", "0"], new SelfHostOptions
            {
                FunctionAssembly = typeof(TestHost).Assembly,
                FunctionClasses = [functions],
                Root = root,
                Output = TextWriter.Null,
            });
            builder.Configuration.AddInMemoryCollection(settings);
            builder.Logging.ClearProviders().AddProvider(log);
            foreach (var service in services)
                builder.Services.AddSingleton(service is TimeProvider ? typeof(TimeProvider) : service.GetType(), service);
            return new TestHost(builder.Build(), root, log);
        }
        catch
        {
            Directory.Delete(root, recursive: true);
            throw;
        }
    }
}
