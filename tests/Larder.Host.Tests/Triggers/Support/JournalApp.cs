using Azure.Storage.Blobs;
using Larder.Host.Tests.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>Larder.Host.App on a storage: its processes share a container that it watches, and a journal that no kill takes back.</summary>
internal sealed class JournalApp
{
    private readonly BlobContainerClient _journal;

    private JournalApp(Dictionary<string, string?> settings)
    {
        Settings = settings;
        Uploads = new BlobContainerClient(settings["AzureWebJobsStorage"], settings["Uploads"]);
        _journal = new BlobContainerClient(settings["AzureWebJobsStorage"], settings["Journal"]);
    }

    /// <summary>Settings of the next process.</summary>
    public Dictionary<string, string?> Settings { get; }

    /// <summary>The container that it watches.</summary>
    public BlobContainerClient Uploads { get; }

    /// <summary>Makes the containers; starts nothing.</summary>
    public static async Task<JournalApp> CreateAsync(Azurite azurite)
    {
        var settings = TestHost.SettingsOn(azurite);
        (settings["Uploads"], settings["Journal"]) = (TestHost.NewName(), TestHost.NewName());
        var app = new JournalApp(settings);
        await app.Uploads.CreateAsync();
        await app._journal.CreateAsync();
        return app;
    }

    /// <summary>Starts a process.</summary>
    public AppProcess Start() => AppProcess.Start(["--port", "0"], Settings.Select(setting => (setting.Key, setting.Value)));

    /// <summary>Waits until the journal has so many entries, and returns them in their order.</summary>
    public async Task<List<string>> EntriesAsync(int count)
    {
        List<string> entries = [];
        await Eventually.TrueAsync(async () =>
        {
            entries.Clear();
            await foreach (var entry in _journal.GetBlobsAsync())
                entries.Add((await _journal.GetBlobClient(entry.Name).DownloadContentAsync()).Value.Content.ToString());
            return entries.Count >= count;
        });
        return entries;
    }
}
