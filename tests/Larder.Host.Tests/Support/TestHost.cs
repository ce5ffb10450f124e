using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Support;

/// <summary>A host in the test's process, on a free port, with the functions of some classes only.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    // Without the setting a host starts the storage emulator on its usual ports.
    private static readonly string[] NoStorage = ["--AzureWebJobsStorage", ""];

    private readonly IHost _host;
    private readonly string _root;

    private TestHost(IHost host, string root, StringWriter output, CapturedLog log)
    {
        _host = host;
        _root = root;
        Output = output;
        Log = log;
    }

    public StringWriter Output { get; }

    public CapturedLog Log { get; }

    public IServiceProvider Services => _host.Services;

    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IReadOnlyList<HostFunction> Functions => Services.GetRequiredService<FunctionCatalog>().Functions;

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
            var builder = new SelfHostBuilder([.. setup.Arguments, .. NoStorage], new SelfHostOptions
            {
                FunctionAssembly = typeof(TestHost).Assembly,
                FunctionClasses = setup.Functions,
                FormerNames = setup.FormerNames,
                Root = root,
                Output = output,
            });
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

    /// <summary>The sentence with which a host refuses to be built or to start.</summary>
    public static async Task<string> RefusalAsync(TestHostSetup setup) =>
        (await Assert.ThrowsAsync<SelfHostException>(async () =>
        {
            await using var host = await StartAsync(setup);
        })).Message;

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
