using Azure.Storage.Blobs;
using Larder.Testing;
using Larder.Host.Tests.Triggers.Support;

namespace Larder.Host.Tests.Triggers;

/// <summary>What is left of a host that was killed, and what the next one makes of it. Each waits until the dead host's lease has ended.</summary>
public class CrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    [Fact]
    public async Task A_blob_whose_host_was_killed_is_tried_again_by_the_next()
    {
        var settings = await AppProcess.NewSettingsAsync(azurite);
        settings["Hang"] = "true";
        await new BlobContainerClient(azurite.ConnectionString, settings["Uploads"]).UploadBlobAsync("precious", BinaryData.FromString("content"));
        await using (var first = AppProcess.Start(settings))
        {
            Assert.Equal(["began precious 'content' try 0"], await AppProcess.JournalAsync(settings, 1));
            await first.KillAsync();
        }

        settings["Hang"] = "false";
        await using var second = AppProcess.Start(settings);

        Assert.Equal(
            ["began precious 'content' try 0", "began precious 'content' try 1", "ended precious"],
            await AppProcess.JournalAsync(settings, 3));
    }

    [Fact]
    public async Task A_blob_that_kills_its_host_again_and_again_is_given_up()
    {
        var settings = await AppProcess.NewSettingsAsync(azurite);
        settings["Hang"] = "true";
        settings["AzureFunctionsJobHost:extensions:blobs:poisonBlobThreshold"] = "1";
        await new BlobContainerClient(azurite.ConnectionString, settings["Uploads"]).UploadBlobAsync("deadly", BinaryData.FromString(""));
        await using (var first = AppProcess.Start(settings))
        {
            await AppProcess.JournalAsync(settings, 1);
            await first.KillAsync();
        }

        await using var second = AppProcess.Start(settings);
        await new BlobContainerClient(azurite.ConnectionString, settings["Uploads"]).UploadBlobAsync("after", BinaryData.FromString(""));
        await AppProcess.JournalAsync(settings, 2);
        var queue = new Azure.Storage.Queues.QueueClient(azurite.ConnectionString, "webjobs-blobtrigger-poison");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!await queue.ExistsAsync(patience.Token))
            await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);

        Assert.Equal(["began deadly '' try 0", "began after '' try 0"], await AppProcess.JournalAsync(settings, 2));
    }

    [Fact]
    public async Task An_occurrence_that_was_missed_because_the_host_was_killed_is_made_up_for_once()
    {
        var settings = await AppProcess.NewSettingsAsync(azurite);
        var status = new BlobClient(azurite.ConnectionString, "azure-webjobs-hosts", $"timers/{settings["AzureFunctionsWebHost:hostid"]}/Host.Functions.Tick/status");
        await using (var first = AppProcess.Start(settings))
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            while (!await status.ExistsAsync(patience.Token))
                await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
            await first.KillAsync();
        }

        // Three occurrences later.
        settings["ClockShift"] = "03:00:00";
        await using (var second = AppProcess.Start(settings))
        {
            Assert.Equal(["tick, past due: True"], await AppProcess.JournalAsync(settings, 1));
            await second.KillAsync();
        }
    }
}
