using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Support;

/// <summary>What a host in a test is made of.</summary>
internal sealed record TestHostSetup
{
    public const string NoPrefix = """{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""";

    /// <summary>The classes with its functions: no others count.</summary>
    public IReadOnlyList<Type> Functions { get; init; } = [];

    /// <summary>Where the application's name comes from.</summary>
    public Assembly Assembly { get; init; } = typeof(TestHost).Assembly;

    public string? HostJson { get; init; } = NoPrefix;

    public string? LocalSettings { get; init; }

    /// <summary>Settings that override every other source.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>The command line.</summary>
    public string[] Arguments { get; init; } = ["--port", "0"];

    public IReadOnlyDictionary<string, string> FormerNames { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the application asks its callers for credentials.</summary>
    public bool AsksForCredentials { get; init; }

    /// <summary>Writes the body of what the host refuses.</summary>
    public Func<HttpContext, Task>? WriteRefusal { get; init; }

    /// <summary>Adds what the functions need: services, middleware.</summary>
    public Action<SelfHostBuilder>? Configure { get; init; }
}

/// <summary>A host in the test's process, on a free port, with the functions of some classes only, and without storage unless a setting names one.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly string _root;

    private TestHost(IHost host, string root, StringWriter output, CapturedLog log) => (_host, _root, Output, Log) = (host, root, output, log);

    public StringWriter Output { get; }

    public CapturedLog Log { get; }

    public IServiceProvider Services => _host.Services;

    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IReadOnlyList<HostFunction> Functions => Services.GetRequiredService<FunctionCatalog>().Functions;

    /// <summary>A name that no other test uses, good for a container or a host id.</summary>
    public static string NewName() => $"t{Guid.NewGuid():N}"[..24];

    /// <summary>Settings of an application of its own in a storage. Hosts with the same settings are hosts of one application.</summary>
    public static Dictionary<string, string?> SettingsOn(Azurite azurite) => new()
    {
        ["AzureWebJobsStorage"] = azurite.ConnectionString,
        ["AzureFunctionsWebHost:hostid"] = NewName(),
        ["SelfHost:Blobs:MaxPollingInterval"] = "00:00:00.1",
    };

    /// <summary>Builds a host and does not start it.</summary>
    public static TestHost Build(TestHostSetup setup)
    {
        var root = Directory.CreateTempSubdirectory("host-").FullName;
        var output = new StringWriter();
        var log = new CapturedLog();
        try
        {
            if (setup.HostJson is not null)
                File.WriteAllText(Path.Combine(root, "host.json"), setup.HostJson);
            if (setup.LocalSettings is not null)
                File.WriteAllText(Path.Combine(root, "local.settings.json"), setup.LocalSettings);
            // Without the setting a host starts the storage emulator on its usual ports.
            var builder = new SelfHostBuilder(["--setting", "AzureWebJobsStorage=", .. setup.Arguments], new SelfHostOptions
            {
                FunctionAssembly = setup.Assembly,
                FunctionClasses = setup.Functions,
                FormerNames = setup.FormerNames,
                AsksForCredentials = _ => setup.AsksForCredentials,
                WriteRefusal = setup.WriteRefusal,
                Root = root,
                Output = output,
            });
            builder.Configuration.AddInMemoryCollection(setup.Settings);
            builder.Logging.ClearProviders().AddProvider(log);
            setup.Configure?.Invoke(builder);
            return new TestHost(builder.Build(), root, output, log);
        }
        catch
        {
            Directory.Delete(root, recursive: true);
            throw;
        }
    }

    /// <summary>Builds and starts a host.</summary>
    public static async Task<TestHost> StartAsync(TestHostSetup setup)
    {
        var host = Build(setup);
        try
        {
            await host._host.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        host.Address = new Uri(host.Output.ToString().Split('\n').Single(line => line.StartsWith("Host started: ", StringComparison.Ordinal))["Host started: ".Length..].Trim());
        host.Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = host.Address };
        return host;
    }

    /// <summary>Builds and starts a host with the functions of one class, and the route prefix "".</summary>
    public static Task<TestHost> StartAsync<T>(Action<SelfHostBuilder>? configure = null) =>
        StartAsync(new TestHostSetup { Functions = [typeof(T)], Configure = configure });

    /// <summary>Builds and starts a host with the functions of one class.</summary>
    /// <param name="settings">Its settings: <see cref="SettingsOn"/>.</param>
    /// <param name="services">What its functions need; a TimeProvider is its clock.</param>
    public static Task<TestHost> StartAsync<T>(IReadOnlyDictionary<string, string?> settings, params object[] services) => StartAsync(new TestHostSetup
    {
        Functions = [typeof(T)],
        Settings = settings,
        Configure = builder =>
        {
            foreach (var service in services)
                builder.Services.AddSingleton(service is TimeProvider ? typeof(TimeProvider) : service.GetType(), service);
        },
    });

    /// <summary>The sentence with which a host refuses to be built or to start.</summary>
    public static async Task<string> RefusalAsync(TestHostSetup setup) =>
        (await Assert.ThrowsAsync<SelfHostException>(async () =>
        {
            await using var host = await StartAsync(setup);
        })).Message;

    /// <summary>The sentence with which a host refuses to be built or to start.</summary>
    public static Task<string> RefusalAsync<T>(IReadOnlyDictionary<string, string?> settings) =>
        RefusalAsync(new TestHostSetup { Functions = [typeof(T)], Settings = settings });

    /// <summary>Stops it as Ctrl-C would.</summary>
    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
