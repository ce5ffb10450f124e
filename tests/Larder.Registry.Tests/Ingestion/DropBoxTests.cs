using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Larder.Testing;

namespace Larder.Registry.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class DropBoxTests : IAsyncLifetime
{
    private readonly BlobContainerClient uploads;
    private readonly BlobContainerClient rejected;
    private readonly DropBox drops;

    public DropBoxTests(Azurite azurite)
    {
        var account = BlobClients.Create(azurite.NewAccount());
        (uploads, rejected) = (account.GetBlobContainerClient("uploads"), account.GetBlobContainerClient("rejected"));
        drops = new DropBox(account);
    }

    public Task InitializeAsync() => uploads.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_drop_is_opened_as_it_was_found_and_in_no_other_state()
    {
        await WriteAsync("iris/ü #1?.onnx", "one");
        var drop = (await drops.FindAsync("iris/ü #1?.onnx"))!;
        Assert.Equal((3L, false, false), (drop.SizeBytes, drop.IsCopying, drop.GrowsInPlace));
        await using (var content = (await drops.OpenReadAsync(drop.Path, drop.ETag))!)
            Assert.Equal("one", await new StreamReader(content).ReadToEndAsync());

        await WriteAsync("iris/ü #1?.onnx", "two");

        Assert.Null(await drops.OpenReadAsync(drop.Path, drop.ETag));
        Assert.Null(await drops.FindAsync("iris/none.onnx"));
    }

    [Fact]
    public async Task A_blob_that_may_still_grow_says_so()
    {
        await WriteAsync("m/empty.onnx", "");
        await uploads.GetAppendBlobClient("m/append.onnx").CreateAsync();
        await WriteAsync("m/leased.onnx", "x");
        await uploads.GetBlobClient("m/leased.onnx").GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60));

        foreach (var path in new[] { "m/empty.onnx", "m/append.onnx", "m/leased.onnx" })
            Assert.True((await drops.FindAsync(path))!.GrowsInPlace, path);
    }

    [Fact]
    public async Task A_refused_drop_is_moved_once_however_often_that_is_asked_for()
    {
        await WriteAsync("m/a.onnx", "bad");
        var etag = (await drops.FindAsync("m/a.onnx"))!.ETag;

        for (var i = 0; i < 3; i++)
            Assert.True(await drops.RejectAsync("m/a.onnx", etag, "Größe: 100 %\nfalsch", "job", default));

        Assert.False(await uploads.GetBlobClient("m/a.onnx").ExistsAsync());
        var moved = (await rejected.GetBlobClient("m/a.onnx").GetPropertiesAsync()).Value;
        Assert.Equal(("Größe: 100 %\nfalsch", "job"), (Uri.UnescapeDataString(moved.Metadata["reason"]), moved.Metadata["job"]));
        Assert.All(moved.Metadata["reason"], c => Assert.InRange(c, ' ', '~'));
    }

    [Fact]
    public async Task A_drop_that_was_written_again_is_not_moved()
    {
        await WriteAsync("m/b.onnx", "bad");
        var etag = (await drops.FindAsync("m/b.onnx"))!.ETag;
        await WriteAsync("m/b.onnx", "good");

        Assert.False(await drops.RejectAsync("m/b.onnx", etag, "No.", "job"));

        Assert.Equal("good", (await uploads.GetBlobClient("m/b.onnx").DownloadContentAsync()).Value.Content.ToString());
        Assert.False(await rejected.GetBlobClient("m/b.onnx").ExistsAsync());
    }

    [Fact]
    public async Task A_reason_of_any_length_fits_into_metadata()
    {
        await WriteAsync("m/c.onnx", "bad");
        var etag = (await drops.FindAsync("m/c.onnx"))!.ETag;

        Assert.True(await drops.RejectAsync("m/c.onnx", etag, new string('ß', 10_000), "job"));

        var reason = (await rejected.GetBlobClient("m/c.onnx").GetPropertiesAsync()).Value.Metadata["reason"];
        Assert.EndsWith(" ...", reason);
        Assert.InRange(reason.Length, 2000, 2048);
    }

    [Fact]
    public async Task A_result_is_written_beside_and_nobody_minds_when_the_container_is_gone()
    {
        await drops.WriteResultAsync("m/d.onnx", BinaryData.FromString("{}"));
        var result = await uploads.GetBlobClient("m/d.onnx.result.json").DownloadContentAsync();
        Assert.Equal(("{}", "application/json"), (result.Value.Content.ToString(), result.Value.Details.ContentType));

        await uploads.DeleteAsync();
        await drops.WriteResultAsync("m/d.onnx", BinaryData.FromString("{}"));
        Assert.False(await uploads.ExistsAsync());
    }

    [Fact]
    public async Task Models_without_a_result_are_found_and_those_that_were_written_since()
    {
        Assert.Empty(await drops.ListUnansweredAsync(DateTimeOffset.MaxValue));
        foreach (var path in new[] { "m/answered.onnx", "m/forgotten.onnx", "m/forgotten.onnx.b.zip", "m/data.csv" })
            await WriteAsync(path, "x");
        await drops.WriteResultAsync("m/answered.onnx", BinaryData.FromString("{}"));

        Assert.Equal(["m/forgotten.onnx", "m/forgotten.onnx.b.zip"], (await drops.ListUnansweredAsync(DateTimeOffset.MaxValue)).Order());
        Assert.Empty(await drops.ListUnansweredAsync(DateTimeOffset.UtcNow.AddHours(-1)));
        await uploads.DeleteAsync();
        Assert.Empty(await drops.ListUnansweredAsync(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData("iris/a.onnx", true)]
    [InlineData("iris/a/b.ZIP", true)]
    [InlineData("iris/a.onnx.result.json", false)]
    [InlineData("iris/data.csv", false)]
    [InlineData("a.onnx", false)]
    public void Models_are_told_from_other_files(string path, bool expected) => Assert.Equal(expected, Drop.IsModel(path));

    private Task WriteAsync(string path, string content) => uploads.GetBlobClient(path).UploadAsync(BinaryData.FromString(content), overwrite: true);
}
