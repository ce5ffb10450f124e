using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Larder.Registry.Ingestion;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Ingestion;

[Collection(AzuriteCollection.Name)]
public sealed class IngestionContainerTests : IAsyncLifetime
{
    private readonly BlobContainerClient _uploads;
    private readonly BlobContainerClient _rejected;
    private readonly IngestionContainer _drops;

    public IngestionContainerTests(Azurite azurite)
    {
        var account = BlobClients.Create(azurite.NewAccount());
        (_uploads, _rejected) = (account.GetBlobContainerClient("uploads"), account.GetBlobContainerClient("rejected"));
        _drops = new IngestionContainer(account);
    }

    public Task InitializeAsync() => _uploads.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_drop_is_opened_as_it_was_found_and_in_no_other_state()
    {
        await WriteAsync("iris/ü #1?.onnx", "one");
        var drop = (await _drops.FindAsync("iris/ü #1?.onnx"))!;
        Assert.Equal((3L, false, false), (drop.SizeBytes, drop.IsCopying, drop.GrowsInPlace));
        await using (var content = (await _drops.OpenReadAsync(drop.Path, drop.ETag))!)
            Assert.Equal("one", await new StreamReader(content).ReadToEndAsync());

        await WriteAsync("iris/ü #1?.onnx", "two");

        Assert.Null(await _drops.OpenReadAsync(drop.Path, drop.ETag));
        Assert.Null(await _drops.FindAsync("iris/none.onnx"));
    }

    [Fact]
    public async Task A_blob_that_may_still_grow_says_so()
    {
        await WriteAsync("m/empty.onnx", "");
        await _uploads.GetAppendBlobClient("m/append.onnx").CreateAsync();
        await WriteAsync("m/leased.onnx", "x");
        await _uploads.GetBlobClient("m/leased.onnx").GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60));

        foreach (var path in new[] { "m/empty.onnx", "m/append.onnx", "m/leased.onnx" })
            Assert.True((await _drops.FindAsync(path))!.GrowsInPlace, path);
    }

    [Fact]
    public async Task A_refused_drop_is_moved_once_however_often_that_is_asked_for()
    {
        await WriteAsync("m/a.onnx", "bad");
        var etag = (await _drops.FindAsync("m/a.onnx"))!.ETag;

        for (var i = 0; i < 3; i++)
            Assert.True(await _drops.RejectAsync("m/a.onnx", etag, "Größe: 100 %\nfalsch", "job", default));

        Assert.False(await _uploads.GetBlobClient("m/a.onnx").ExistsAsync());
        var moved = (await _rejected.GetBlobClient("m/a.onnx").GetPropertiesAsync()).Value;
        Assert.Equal(("Größe: 100 %\nfalsch", "job"), (Uri.UnescapeDataString(moved.Metadata["reason"]), moved.Metadata["job"]));
        Assert.All(moved.Metadata["reason"], c => Assert.InRange(c, ' ', '~'));
    }

    [Fact]
    public async Task A_drop_that_was_written_again_is_not_moved()
    {
        await WriteAsync("m/b.onnx", "bad");
        var etag = (await _drops.FindAsync("m/b.onnx"))!.ETag;
        await WriteAsync("m/b.onnx", "good");

        Assert.False(await _drops.RejectAsync("m/b.onnx", etag, "No.", "job"));

        Assert.Equal("good", (await _uploads.GetBlobClient("m/b.onnx").DownloadContentAsync()).Value.Content.ToString());
        Assert.False(await _rejected.GetBlobClient("m/b.onnx").ExistsAsync());
    }

    [Fact]
    public async Task A_reason_of_any_length_fits_into_metadata()
    {
        await WriteAsync("m/c.onnx", "bad");
        var etag = (await _drops.FindAsync("m/c.onnx"))!.ETag;

        Assert.True(await _drops.RejectAsync("m/c.onnx", etag, new string('ß', 10_000), "job"));

        var reason = (await _rejected.GetBlobClient("m/c.onnx").GetPropertiesAsync()).Value.Metadata["reason"];
        Assert.EndsWith(" ...", reason);
        Assert.InRange(reason.Length, 2000, 2048);
    }

    [Fact]
    public async Task A_result_is_written_beside_and_nobody_minds_when_the_container_is_gone()
    {
        await _drops.WriteResultAsync("m/d.onnx", BinaryData.FromString("{}"));
        var result = await _uploads.GetBlobClient("m/d.onnx.result.json").DownloadContentAsync();
        Assert.Equal(("{}", "application/json"), (result.Value.Content.ToString(), result.Value.Details.ContentType));

        await _uploads.DeleteAsync();
        await _drops.WriteResultAsync("m/d.onnx", BinaryData.FromString("{}"));
        Assert.False(await _uploads.ExistsAsync());
    }

    [Fact]
    public async Task Models_without_a_result_are_found_and_those_that_were_written_since()
    {
        Assert.Empty(await _drops.ListWithoutResultAsync(DateTimeOffset.MaxValue));
        foreach (var path in new[] { "m/answered.onnx", "m/forgotten.onnx", "m/forgotten.onnx.b.zip", "m/data.csv" })
            await WriteAsync(path, "x");
        await _drops.WriteResultAsync("m/answered.onnx", BinaryData.FromString("{}"));

        Assert.Equal(["m/forgotten.onnx", "m/forgotten.onnx.b.zip"], (await _drops.ListWithoutResultAsync(DateTimeOffset.MaxValue)).Order());
        Assert.Empty(await _drops.ListWithoutResultAsync(DateTimeOffset.UtcNow.AddHours(-1)));
        await _uploads.DeleteAsync();
        Assert.Empty(await _drops.ListWithoutResultAsync(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData("iris/a.onnx", true)]
    [InlineData("iris/a/b.ZIP", true)]
    [InlineData("iris/a.onnx.result.json", false)]
    [InlineData("iris/data.csv", false)]
    [InlineData("a.onnx", false)]
    public void Models_are_told_from_other_files(string path, bool expected) => Assert.Equal(expected, IngestedBlob.IsModel(path));

    private Task WriteAsync(string path, string content) => _uploads.GetBlobClient(path).UploadAsync(BinaryData.FromString(content), overwrite: true);
}
