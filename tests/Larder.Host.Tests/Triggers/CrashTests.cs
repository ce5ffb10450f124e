using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers;

/// <summary>What is left of a host that was killed, and what the next one makes of it. Each waits until the dead host's lease has run out.</summary>
public class CrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    [Fact]
    public async Task A_blob_whose_host_was_killed_is_tried_again_by_the_next()
    {
        var app = await JournalApp.CreateAsync(azurite);
        app.Settings["Hang"] = "true";
        await app.Uploads.UploadBlobAsync("precious", BinaryData.FromString("content"));
        await using (var first = app.Start())
        {
            Assert.Equal(["began precious 'content' try 0"], await app.EntriesAsync(1));
            await first.KillAsync();
        }

        app.Settings["Hang"] = "false";
        await using var second = app.Start();

        Assert.Equal(
            ["began precious 'content' try 0", "began precious 'content' try 1", "ended precious"],
            await app.EntriesAsync(3));
    }

    [Fact]
    public async Task A_blob_that_kills_its_host_again_and_again_is_given_up()
    {
        var app = await JournalApp.CreateAsync(azurite);
        app.Settings["Hang"] = "true";
        app.Settings["AzureFunctionsJobHost:extensions:blobs:poisonBlobThreshold"] = "1";
        await app.Uploads.UploadBlobAsync("deadly", BinaryData.FromString(""));
        await using (var first = app.Start())
        {
            await app.EntriesAsync(1);
            await first.KillAsync();
        }

        await using var second = app.Start();
        await app.Uploads.UploadBlobAsync("after", BinaryData.FromString(""));
        await app.EntriesAsync(2);
        var queue = new QueueClient(azurite.ConnectionString, "webjobs-blobtrigger-poison");
        await Eventually.TrueAsync(async () => await queue.ExistsAsync());

        Assert.Equal(["began deadly '' try 0", "began after '' try 0"], await app.EntriesAsync(2));
    }

    [Fact]
    public async Task An_occurrence_that_was_missed_because_the_host_was_killed_is_made_up_for_once()
    {
        var app = await JournalApp.CreateAsync(azurite);
        var status = new BlobClient(azurite.ConnectionString, "azure-webjobs-hosts", $"timers/{app.Settings["AzureFunctionsWebHost:hostid"]}/Host.Functions.Tick/status");
        await using (var first = app.Start())
        {
            await Eventually.TrueAsync(async () => await status.ExistsAsync());
            await first.KillAsync();
        }

        // Three occurrences later.
        app.Settings["ClockShift"] = "03:00:00";
        await using (var second = app.Start())
        {
            Assert.Equal(["tick, past due: True"], await app.EntriesAsync(1));
            await second.KillAsync();
        }
    }
}
