using System.Diagnostics;
using Azure.Storage.Blobs;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>Larder.Host.App as a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private readonly Process process;

    private AppProcess(Process process) => this.process = process;

    /// <summary>Starts it.</summary>
    /// <param name="settings">Its settings, as environment variables.</param>
    public static AppProcess Start(Dictionary<string, string?> settings)
    {
        // .../tests/Larder.Host.Tests.Triggers/bin/Debug/net10.0/ -> .../tests/Larder.Host.App/bin/Debug/net10.0/
        var dll = Path.Combine(AppContext.BaseDirectory.Replace("Larder.Host.Tests.Triggers", "Larder.Host.App", StringComparison.Ordinal), "Larder.Host.App.dll");
        var start = new ProcessStartInfo("dotnet", [dll, "--port", "0"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        // Whatever it prints must be read, or it would block on a full pipe.
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return new(process);
    }

    /// <summary>Settings for it, with a journal and a container of its own.</summary>
    public static async Task<Dictionary<string, string?>> NewSettingsAsync(Azurite azurite)
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["Uploads"] = TestHost.NewName();
        settings["Journal"] = TestHost.NewName();
        await new BlobContainerClient(azurite.ConnectionString, settings["Uploads"]).CreateAsync();
        await new BlobContainerClient(azurite.ConnectionString, settings["Journal"]).CreateAsync();
        return settings;
    }

    /// <summary>Waits until its journal has so many entries, and returns them in their order.</summary>
    public static async Task<List<string>> JournalAsync(Dictionary<string, string?> settings, int count)
    {
        var container = new BlobContainerClient(settings["AzureWebJobsStorage"], settings["Journal"]);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        for (; ; )
        {
            var entries = new List<string>();
            await foreach (var entry in container.GetBlobsAsync(cancellationToken: patience.Token))
                entries.Add((await container.GetBlobClient(entry.Name).DownloadContentAsync(patience.Token)).Value.Content.ToString());
            if (entries.Count >= count)
                return entries;
            await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
        }
    }

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }
}
