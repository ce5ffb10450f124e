using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Larder.Testing;

/// <summary>
/// A real Azurite (blobs, queues, tables) of the test's own, on ports that the operating system chose. Use it as an xunit class or
/// collection fixture, or with <see cref="StartAsync"/>. It ends with the test process, however that ends.
/// </summary>
public sealed partial class Azurite : IAsyncLifetime, IAsyncDisposable
{
    // Azurite has no option to end with its parent, so it runs under these lines: end of input means that no test needs it any more.
    // It then closes as on SIGTERM, which writes its state to disk.
    private const string Launcher = """
        const stop = () => { process.emit('SIGTERM') || process.exit(0); setTimeout(() => process.exit(0), 10000).unref(); };
        process.stdin.on('end', stop).on('error', stop).resume();
        require(process.argv[1]);
        """;

    // Published by Microsoft: the account that every storage emulator has.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const int ExtraAccounts = 500;

    // Azurite has one thread, and looks through all blobs for many of its answers: with too many servers on it, requests wait for minutes.
    private const int AccountsShared = 6;

    private static readonly SemaphoreSlim Sharing = new(1);
    // All of them: one that is not referred to is collected, and its process ends with the pipe to it.
    private static readonly List<Azurite> Shared = [];

    private static readonly string[] Services = ["Blob", "Queue", "Table"];

    private readonly bool _onDisk;
    private readonly int[] _ports = new int[Services.Length];
    private Process? _process;
    private int _accountsGiven;

    /// <summary>An Azurite that keeps everything in memory.</summary>
    public Azurite()
        : this(onDisk: false)
    {
    }

    private Azurite(bool onDisk) => _onDisk = onDisk;

    /// <summary>What goes into <c>AzureWebJobsStorage</c>. The same before and after a restart.</summary>
    public string ConnectionString => ConnectionStringOf(Account);

    /// <summary>Its process, while it runs.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("Azurite is not running.");

    /// <summary>Its working folder, removed at the end; its data too when it keeps them on disk.</summary>
    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"azurite-{Guid.NewGuid():N}");

    /// <summary>
    /// An empty account of an Azurite that a few tests of this process share: for a test with a server of its own, that neither stops its storage nor loads it much. A fixture that many tests share
    /// has an Azurite of its own.
    /// </summary>
    /// <returns>Its connection string.</returns>
    public static async Task<string> AccountAsync()
    {
        await Sharing.WaitAsync();
        try
        {
            if (Shared.Count == 0 || Shared[^1]._accountsGiven == AccountsShared)
                Shared.Add(await StartAsync());
            return Shared[^1].NewAccount();
        }
        finally
        {
            Sharing.Release();
        }
    }

    /// <summary>The connection string of an empty account that no other test uses: as good as an Azurite of one's own, and cheaper.</summary>
    public string NewAccount()
    {
        var number = Interlocked.Increment(ref _accountsGiven);
        return number <= ExtraAccounts
            ? ConnectionStringOf(ExtraAccount(number))
            : throw new InvalidOperationException($"This Azurite has {ExtraAccounts} accounts, and all were given away.");
    }

    /// <summary>Starts an Azurite outside a fixture.</summary>
    /// <param name="onDisk">Keeps its data in a temporary folder, so that it is there again after <see cref="RestartAsync"/>.</param>
    public static async Task<Azurite> StartAsync(bool onDisk = false)
    {
        var azurite = new Azurite(onDisk);
        await azurite.InitializeAsync();
        return azurite;
    }

    /// <summary>Starts it and waits until all three services listen.</summary>
    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Folder);
        var script = Path.Combine(NodeModules.Folder("azurite"), "dist", "src", "azurite.js");
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var accounts = Enumerable.Range(1, ExtraAccounts).Select(ExtraAccount).Prepend(Account);
        start.Environment["AZURITE_ACCOUNTS"] = string.Join(';', accounts.Select(account => $"{account}:{AccountKey}"));
        string[] arguments =
        [
            "-e", Launcher, "--", script, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobPort", $"{_ports[0]}", "--queuePort", $"{_ports[1]}", "--tablePort", $"{_ports[2]}",
            .. _onDisk ? new[] { "--location", Folder } : ["--inMemoryPersistence"],
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");

        var errors = _process.StandardError.ReadToEndAsync();
        for (var listening = 0; listening < Services.Length;)
        {
            var line = await _process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException($"Azurite ended before it listened: {await errors}");
            if (Listening().Match(line) is { Success: true } match)
            {
                _ports[Array.IndexOf(Services, match.Groups["service"].Value)] = int.Parse(match.Groups["port"].Value);
                listening++;
            }
        }

        // Whatever else it prints must be read, or it would block on a full pipe one day.
        _ = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Ends it at once, as a power cut would: requests in flight fail, and what was not on disk is lost.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops it as SIGTERM would. <see cref="InitializeAsync"/> starts it again on the same ports.</summary>
    public async Task StopAsync()
    {
        if (_process is null)
            return;
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops and starts it again on the same ports; with <c>onDisk</c>, with the same data.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await InitializeAsync();
    }

    /// <summary>Ends it and removes its data.</summary>
    public async Task DisposeAsync()
    {
        await KillAsync();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <inheritdoc/>
    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private static string ExtraAccount(int number) => $"test{number:D4}";

    private string ConnectionStringOf(string account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={AccountKey};" +
        string.Join(';', Services.Select((service, i) => $"{service}Endpoint=http://127.0.0.1:{_ports[i]}/{account}"));

    [GeneratedRegex(@"^Azurite (?<service>\w+) service is successfully listening at \S+:(?<port>\d+)$")]
    private static partial Regex Listening();
}
