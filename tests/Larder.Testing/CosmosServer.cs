using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Larder.Testing;

/// <summary>
/// A Cosmos DB server in memory (npm: @vercel/cosmosdb-server) of the test's own, on a port that the operating system chose, with a self-signed
/// certificate. Use it as an xunit class or collection fixture, or with <see cref="StartAsync"/>. It ends with the test process, however that ends.
/// </summary>
/// <remarks>
/// It has one physical partition, no replicas and no identities, charges one request unit for everything, and reads all documents for each query. It knows no
/// queries over several physical partitions, no aggregates and no transactional batch.
/// </remarks>
public sealed class CosmosServer : IAsyncLifetime, IAsyncDisposable
{
    // Four things are not as in Cosmos DB, and made so here: resource ids have '-' where Base64 has '/', which would end a part of a URL; ETags have
    // quotes; reading an item that is not there is 404, while the server, unless
    // the request may cross partitions, answers 500; a query that the client sends as it is, since one physical partition has it all ("optimistic direct
    // execution"), is answered with a header that says so, or the client would ask for a query plan, which the server does not know.
    private const string Launcher = """
        const stop = () => process.exit(0);
        process.stdin.on('end', stop).on('error', stop).resume();
        const [, folder, port] = process.argv;
        const ids = require(folder + '/lib/account/resource-id').default;
        ids.toBase64String = bytes => bytes.toString('base64').replaceAll('/', '-');
        ids.fromBase64String = text => Buffer.from(text.replaceAll('-', '/'), 'base64');
        const items = require(folder + '/lib/account/items').default.prototype;
        const set = items._set;
        items._set = function (data) { return set.call(this, { ...data, _etag: `"${data._etag}"` }); };
        const server = require(folder).createHttpsServer({ keepAlive: true });
        server.keepAliveTimeout = 0;
        const [handle] = server.listeners('request');
        server.removeAllListeners('request').on('request', (request, response) => {
            if (request.method === 'GET' && /\/docs\/[^/]+$/.test(request.url))
                request.headers['x-ms-documentdb-query-enablecrosspartition'] = 'True';
            if (request.headers['x-ms-cosmos-query-optimisticdirectexecute'] === 'True')
                response.setHeader('x-ms-cosmos-query-requiresdistribution', 'False');
            handle(request, response);
        });
        server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));
        """;

    private Process? _process;
    private int _port;
    private int _databasesGiven;

    /// <summary>Where it answers. The same before and after a restart.</summary>
    public string Endpoint => $"https://127.0.0.1:{_port}/";

    /// <summary>An account's key. It takes any.</summary>
    public string Key => Convert.ToBase64String(new byte[64]);

    /// <summary>Its process, while it runs.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server is not running.");

    /// <summary>The name of a database that no other test uses. It does not exist yet.</summary>
    public string NewDatabase() => $"test{Interlocked.Increment(ref _databasesGiven)}";

    /// <summary>What makes a Larder keep its documents here: settings, with colons.</summary>
    public (string Name, string Value)[] Settings(string database) =>
    [
        ("Store:Kind", "cosmos"), ("Store:Cosmos:Endpoint", Endpoint), ("Store:Cosmos:Key", Key), ("Store:Cosmos:Database", database),
        ("Store:Cosmos:Create", "true"), ("Store:Cosmos:LimitToEndpoint", "true"), ("Store:Cosmos:AnyCertificate", "true"),
    ];

    /// <summary>Starts one outside a fixture.</summary>
    public static async Task<CosmosServer> StartAsync()
    {
        var server = new CosmosServer();
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Starts it, empty, and waits until it listens.</summary>
    public async Task InitializeAsync()
    {
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "-e", Launcher, "--", NodeModules.Folder("@vercel/cosmosdb-server"), $"{_port}" })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        var errors = _process.StandardError.ReadToEndAsync();
        var listening = await _process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"The Cosmos DB server ended before it listened: {await errors}");
        _port = int.Parse(listening, CultureInfo.InvariantCulture);
        // Whatever else it prints must be read, or it would block on a full pipe one day.
        _ = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Ends it at once: requests in flight fail, and all data is lost. <see cref="InitializeAsync"/> starts it again on the same port.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public Task DisposeAsync() => KillAsync();

    /// <inheritdoc/>
    async ValueTask IAsyncDisposable.DisposeAsync() => await KillAsync();
}
