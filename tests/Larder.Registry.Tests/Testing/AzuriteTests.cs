using System.Diagnostics;
using Azure.Storage.Blobs;
using Larder.Testing;

namespace Larder.Registry.Tests.Testing;

/// <summary>The emulator that all the other tests stand on.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzuriteTests(Azurite shared)
{
    [Fact]
    public async Task What_was_written_is_there_after_a_restart_on_the_same_ports()
    {
        await using var azurite = await Azurite.StartAsync(onDisk: true);
        var before = azurite.ConnectionString;
        var container = new BlobContainerClient(before, "kept");
        await container.CreateAsync();
        await container.UploadBlobAsync("blob", BinaryData.FromString("bread"));

        await azurite.RestartAsync();

        Assert.Equal(before, azurite.ConnectionString);
        var content = await container.GetBlobClient("blob").DownloadContentAsync();
        Assert.Equal("bread", content.Value.Content.ToString());
    }

    [Fact]
    public async Task Two_run_side_by_side_and_know_nothing_of_each_other()
    {
        await using var other = await Azurite.StartAsync();
        await new BlobContainerClient(shared.ConnectionString, "mine").CreateAsync();

        Assert.False(await new BlobContainerClient(other.ConnectionString, "mine").ExistsAsync());
    }

    [Fact]
    public async Task Every_new_account_is_empty()
    {
        await new BlobContainerClient(shared.NewAccount(), "mine").CreateAsync();

        Assert.False(await new BlobContainerClient(shared.NewAccount(), "mine").ExistsAsync());
    }

    [Fact]
    public async Task It_leaves_no_process_and_no_folder_behind()
    {
        var azurite = await Azurite.StartAsync(onDisk: true);
        var (id, folder) = (azurite.ProcessId, azurite.Folder);
        Assert.True(Directory.Exists(folder));

        await azurite.DisposeAsync();

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
        Assert.False(Directory.Exists(folder));
    }
}
