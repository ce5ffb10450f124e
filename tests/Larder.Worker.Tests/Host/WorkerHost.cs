using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Larder.Testing;
using Larder.Worker.Tests.Host.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Worker.Tests.Host;

/// <summary>
/// A small Functions host: it starts the published app as its worker, asks it for its functions, loads them, and then does what makes them run, over HTTP, in the task hub,
/// and for a test that plays a timer or Event Grid.
/// </summary>
internal sealed class WorkerHost : IAsyncDisposable
{
    private const long BodyBytes = 104_857_600;

    private readonly List<IAsyncDisposable> _parts = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-worker-tests-");

    private WorkerHost()
    {
    }

    /// <summary>What worker and host have said.</summary>
    public HostLog Log { get; } = new();

    /// <summary>What the worker can do, in its own words.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>The functions of the app, all of them loaded.</summary>
    public IReadOnlyList<LoadedFunction> Functions { get; private set; } = [];

    /// <summary>Runs functions.</summary>
    public FunctionInvoker Invoker { get; private set; } = null!;

    /// <summary>Answers callers.</summary>
    public HttpFront Front { get; private set; } = null!;

    /// <summary>Where callers find it.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The task hub.</summary>
    public DurableHub Hub { get; private set; } = null!;

    /// <summary>The worker's process.</summary>
    public AppProcess Worker { get; private set; } = null!;

    private WorkerChannel Channel { get; set; } = null!;

    /// <summary>Starts host and worker; both are ready when this returns.</summary>
    /// <param name="app">The folder that was published.</param>
    /// <param name="storage">Connection string of the storage account.</param>
    /// <param name="settings">The app's further settings.</param>
    public static async Task<WorkerHost> StartAsync(string app, string storage, IEnumerable<(string Name, string Value)>? settings = null)
    {
        var host = new WorkerHost();
        try
        {
            await host.RunAsync(app, storage, settings ?? []);
            return host;
        }
        catch (Exception exception)
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"The host did not start: {exception.Message}\n{host.Log}", exception);
        }
    }

    /// <summary>The function of a name.</summary>
    public LoadedFunction Function(string name) => Functions.Single(function => function.Name == name);

    /// <summary>A caller.</summary>
    public HttpClient CreateClient() => Api.CreateClient(Address);

    /// <summary>Asks the worker to end, as the host does when it stops, and waits until it has.</summary>
    public async Task<int> TerminateWorkerAsync()
    {
        Channel.Tell(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
        await Worker.Ended;
        return Worker.ExitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _parts.Reverse();
        foreach (var part in _parts)
            await part.DisposeAsync();
        Front?.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task RunAsync(string app, string storage, IEnumerable<(string Name, string Value)> settings)
    {
        using var hostJson = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(app, "host.json")));
        var hubName = hostJson.RootElement.GetProperty("extensions").GetProperty("durableTask").GetProperty("hubName").GetString()!;

        Channel = new WorkerChannel(Log);
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new HostLogProvider(Log)));
        Hub = Own(new DurableHub(storage, hubName, loggers));
        await Hub.CreateAsync();

        var grpc = Own(await ServeAsync(
            HttpProtocols.Http2,
            services =>
            {
                services.AddGrpc(options => (options.MaxReceiveMessageSize, options.MaxSendMessageSize) = (null, null));
                services.AddSingleton(Channel);
                services.AddSingleton<DurableTask.Core.IOrchestrationService>(Hub.Service);
                services.AddSingleton<DurableTask.Core.IOrchestrationServiceClient>(Hub.Service);
                services.AddSingleton<TaskHubGrpcServer>();
                services.Configure<TaskHubGrpcServerOptions>(options => options.Mode = TaskHubGrpcServerMode.ApiServerOnly);
            },
            server =>
            {
                server.MapGrpcService<WorkerChannel>();
                server.MapGrpcService<TaskHubGrpcServer>();
            }));

        Worker = Own(AppProcess.Start(
            Path.Combine(app, "Larder.Functions.dll"),
            WorkerStart.Arguments(AddressOf(grpc)),
            [("AzureWebJobsStorage", storage), ("LocalFolder", _folder.FullName), .. WorkerStart.Variables(app), .. settings],
            Log));
        await Task.WhenAny(Channel.Started, Worker.Ended);
        if (Worker.Ended.IsCompleted)
            throw new InvalidOperationException($"The worker ended with {Worker.ExitCode} before it said anything.");

        var functions = await IndexAsync(app);
        Invoker = new FunctionInvoker(Channel, new DurableClientInput(AddressOf(grpc), hubName));
        await Hub.StartAsync(Invoker, functions);
        Functions = functions;
        var http = new Uri(Capabilities["HttpUri"]);
        await Eventually.TrueAsync(() => ListensAsync(http));
        Front = new HttpFront(Invoker, functions, http, hostJson.RootElement.Clone());
        var front = Own(await ServeAsync(HttpProtocols.Http1, services => services.AddRouting().AddHttpForwarder(), Front.Map));
        Address = AddressOf(front);
    }

    private async Task<IReadOnlyList<LoadedFunction>> IndexAsync(string app)
    {
        var init = new WorkerInitRequest { HostVersion = "4.1000.0", WorkerDirectory = app, FunctionAppDirectory = app };
        var ready = (await Channel.AskAsync(new StreamingMessage { WorkerInitRequest = init })).WorkerInitResponse;
        Expect(ready.Result, "initialise");
        Capabilities = ready.Capabilities;

        var indexed = (await Channel.AskAsync(new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = app } })).FunctionMetadataResponse;
        Expect(indexed.Result, "name its functions");
        LoadedFunction[] functions = [.. indexed.FunctionMetadataResults.Select(metadata => new LoadedFunction(metadata))];
        await Task.WhenAll(functions.Select(async function =>
        {
            var loaded = (await Channel.AskAsync(new StreamingMessage { FunctionLoadRequest = function.LoadRequest() })).FunctionLoadResponse;
            Expect(loaded.Result, $"load {function.Name}");
        }));
        return functions;
    }

    // The worker names its address before it listens there.
    private static async Task<bool> ListensAsync(Uri address)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void Expect(StatusResult result, string what)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"The worker could not {what}: {result.Exception?.Message}");
    }

    private async Task<WebApplication> ServeAsync(HttpProtocols protocols, Action<IServiceCollection> add, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(new HostLogProvider(Log));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = BodyBytes;
            kestrel.AddServerHeader = protocols == HttpProtocols.Http1;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        add(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }

    private static Uri AddressOf(WebApplication app) => new(app.Urls.Single());
}
