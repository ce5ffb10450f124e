using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests.Parity;

/// <summary>The self-host with the same functions, in a process of its own, on a port that the operating system chose.</summary>
internal sealed class SelfHost : IAsyncDisposable
{
    private const string Ready = "Host started: ";

    private readonly AppProcess _process;
    private readonly DirectoryInfo _folder;

    private SelfHost(AppProcess process, DirectoryInfo folder, Uri address) =>
        (_process, _folder, Client) = (process, folder, Api.CreateClient(address));

    /// <summary>Talks to it, without a key.</summary>
    public HttpClient Client { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="storage">Connection string of the storage account.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<SelfHost> StartAsync(string storage, params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("larder-worker-tests-");
        var log = new HostLog();
        var address = log.NextAsync(Ready);
        var process = AppProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"),
            ["--port", "0"],
            [("AzureWebJobsStorage", storage), ("LocalFolder", folder.FullName), .. settings],
            log);
        if (await Task.WhenAny(address, process.Ended) == address)
            return new SelfHost(process, folder, new Uri((await address).Trim()));

        await process.DisposeAsync();
        folder.Delete(recursive: true);
        throw new InvalidOperationException($"The self-host ended before it listened:\n{log}");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
