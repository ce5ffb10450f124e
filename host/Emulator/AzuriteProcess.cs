using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Larder.Host.Functions;

namespace Larder.Host.Emulator;

/// <summary>An Azurite that this process started. It ends with this process, however that ends: azurite-child.cjs.</summary>
internal sealed class AzuriteProcess : IDisposable
{
    private const string Ready = "service is successfully listening";
    private const int Services = 3;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _location;
    private string _lastError = "it said nothing.";

    private AzuriteProcess(Process process, string location)
    {
        _process = process;
        _location = location;
        process.ErrorDataReceived += (_, line) => _lastError = string.IsNullOrWhiteSpace(line.Data) ? _lastError : line.Data;
        process.BeginErrorReadLine();
    }

    /// <summary>Starts one and waits until it listens.</summary>
    /// <param name="script">azurite.js.</param>
    /// <param name="location">Where it keeps its data; made if need be.</param>
    /// <param name="settings">Its ports.</param>
    /// <param name="cancellationToken">Ends the wait, and Azurite.</param>
    /// <exception cref="SelfHostException">Node.js is missing, or Azurite ended.</exception>
    public static async Task<AzuriteProcess> StartAsync(
        string script, string location, StorageEmulatorSettings settings, CancellationToken cancellationToken)
    {
        CreateLocation(location);
        var process = StartNode(
            location,
            [
                "--eval", Child(), "--", script,
                "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", location,
                "--blobPort", $"{settings.BlobPort}", "--queuePort", $"{settings.QueuePort}", "--tablePort", $"{settings.TablePort}",
            ]);
        AzuriteOwner.Write(location, process, settings.BlobPort);
        var azurite = new AzuriteProcess(process, location);
        try
        {
            await azurite.WaitUntilReadyAsync(cancellationToken);
            return azurite;
        }
        catch
        {
            await azurite.StopAsync();
            throw;
        }
    }

    /// <summary>Stops it, and waits until it has saved its state and is gone.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        AzuriteOwner.Remove(_location);
        _process.Dispose();
    }

    /// <summary>Tells it to stop, without waiting.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        try
        {
            for (var ready = 0; ready < Services;)
                if (await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
                    ready += line.Contains(Ready, StringComparison.Ordinal) ? 1 : 0;
                else
                    throw await EndedAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SelfHostException($"Azurite, the storage emulator, did not start within {StartTimeout.TotalSeconds:0} seconds.");
        }

        // The rest is of no use, but a pipe that is not read fills up, and then Azurite would block.
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
    }

    private async Task<SelfHostException> EndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return new SelfHostException($"Azurite, the storage emulator, did not start: {_lastError}");
    }

    private static Process StartNode(string location, string[] arguments)
    {
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = location,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new SelfHostException(
                "Node.js, which runs the storage emulator Azurite, could not be started as 'node'. Install Node.js 20 or later, or set AzureWebJobsStorage to the " +
                $"connection string of a storage account. ({exception.Message})", exception);
        }
    }

    private static void CreateLocation(string location)
    {
        try
        {
            Directory.CreateDirectory(location);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SelfHostException(
                $"The storage emulator's data folder {location} cannot be made: {exception.Message} Choose another with the setting 'AzuriteLocation'.", exception);
        }
    }

    private static string Child()
    {
        using var stream = typeof(AzuriteProcess).Assembly.GetManifestResourceStream("azurite-child.cjs")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
