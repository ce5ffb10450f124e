using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Emulator;

/// <summary>
/// The local storage of a host whose <c>AzureWebJobsStorage</c> is <c>UseDevelopmentStorage=true</c>: what listens on the emulator's port already, or
/// else an Azurite that this host starts, and stops when it has stopped itself.
/// </summary>
internal sealed partial class StorageEmulator(StorageEmulatorSettings settings, ILogger logger) : IDisposable
{
    /// <summary>The setting that says where the host and its extensions keep what they keep.</summary>
    public const string Setting = "AzureWebJobsStorage";

    /// <summary>The connection string of the emulator.</summary>
    public const string DevelopmentStorage = "UseDevelopmentStorage=true";

    private AzuriteProcess? _azurite;

    /// <summary>Where the data is, for people: a folder, or which other program has it.</summary>
    public string Data { get; private set; } = "";

    /// <summary>
    /// The settings of the emulator that this configuration asks for; null when it asks for none. With other ports than the usual ones, every
    /// setting that says <c>UseDevelopmentStorage=true</c> gets a connection string that names them.
    /// </summary>
    public static StorageEmulatorSettings? Configure(ConfigurationManager configuration)
    {
        // With settings below it, the connection is an identity's, and the value is the default that nothing has replaced.
        if (!IsDevelopmentStorage(configuration[Setting]) || configuration.GetSection(Setting).GetChildren().Any())
            return null;
        var settings = StorageEmulatorSettings.From(configuration);
        if (!settings.HasDefaultPorts)
            configuration.AddInMemoryCollection(
                configuration.AsEnumerable()
                    .Where(setting => IsDevelopmentStorage(setting.Value))
                    .Select(setting => new KeyValuePair<string, string?>(setting.Key, settings.ConnectionString))
                    .ToList());
        return settings;
    }

    /// <summary>Makes sure that storage answers.</summary>
    /// <exception cref="SelfHostException">It cannot: something else has a port, or Node.js or Azurite is missing.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var installation = AzuriteInstallation.Find();
        var location = settings.Location ?? installation?.DefaultLocation;
        if (location is not null)
            await AzuriteOwner.WaitForOrphanAsync(location, cancellationToken);

        if (await PortProbe.IsTakenAsync(settings.BlobPort, cancellationToken))
        {
            await UseRunningAsync(location, cancellationToken);
            return;
        }

        if (await PortProbe.IsTakenAsync(settings.QueuePort, cancellationToken))
            throw Taken(settings.QueuePort, "Azurite:QueuePort");
        if (await PortProbe.IsTakenAsync(settings.TablePort, cancellationToken))
            throw Taken(settings.TablePort, "Azurite:TablePort");
        if (installation is null)
            throw new SelfHostException(
                $"{Setting} is '{DevelopmentStorage}', but Azurite, the storage emulator, is not installed: there is no node_modules/azurite above " +
                $"{AppContext.BaseDirectory}, and no command 'azurite'. Run 'npm ci' in the repository's root or 'npm install --global azurite', or set {Setting} to the connection string of a storage account.");

        _azurite = await AzuriteProcess.StartAsync(installation.Script, location!, settings, cancellationToken);
        Data = location!;
        LogStarted(settings.BlobPort, location!);
    }

    /// <summary>Stops the Azurite that this host started, and waits until it has saved its state.</summary>
    public async Task StopAsync()
    {
        if (_azurite is { } azurite)
            await azurite.StopAsync();
        _azurite = null;
    }

    /// <summary>Tells the Azurite that this host started to stop.</summary>
    public void Dispose() => _azurite?.Dispose();

    private async Task UseRunningAsync(string? location, CancellationToken cancellationToken)
    {
        if (await PortProbe.BlobServiceAsync(settings.BlobPort, cancellationToken) is not { } service)
            throw Taken(settings.BlobPort, "Azurite:BlobPort");
        if (location is not null && AzuriteOwner.HostOf(location, settings.BlobPort) is { } host)
        {
            Data = location;
            LogShared(settings.BlobPort, host, location);
            return;
        }
        Data = $"in the storage emulator on port {settings.BlobPort}, which this server did not start";
        LogForeign(settings.BlobPort, service);
    }

    private static SelfHostException Taken(int port, string setting) => new(
        $"Port {port} is needed for local storage ({Setting} is '{DevelopmentStorage}'), but something that is no storage emulator uses it. " +
        $"Close the process using that port, or choose another with the setting '{setting}'.");

    private static bool IsDevelopmentStorage(string? value) =>
        value is not null && value.Trim().TrimEnd(';').Equals(DevelopmentStorage, StringComparison.OrdinalIgnoreCase);

    [LoggerMessage(1, LogLevel.Information, "Started Azurite on port {Port}; its data is in {Location}")]
    private partial void LogStarted(int port, string location);

    [LoggerMessage(2, LogLevel.Information, "Using the Azurite on port {Port} that another server (process {Host}) has started; its data is in {Location}")]
    private partial void LogShared(int port, int host, string location);

    [LoggerMessage(3, LogLevel.Warning, "Using the storage emulator on port {Port} ({Service}), which no Larder has started: data is where that program keeps it, and is gone if it keeps none. To use an own one, end that program, or choose other ports with Azurite:BlobPort, Azurite:QueuePort and Azurite:TablePort.")]
    private partial void LogForeign(int port, string service);
}
