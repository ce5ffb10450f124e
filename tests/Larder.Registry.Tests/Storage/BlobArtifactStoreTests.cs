using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Storage;

[Collection(AzuriteCollection.Name)]
public sealed class BlobArtifactStoreTests(Azurite azurite) : IDisposable
{
    private readonly BlobArtifactStore _store = new(BlobClients.Create(azurite.NewAccount()), TimeProvider.System);
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task What_was_put_is_read_back_whole_and_in_ranges()
    {
        var sha256 = await FileOfAsync("0123456789"u8.ToArray());
        Assert.True(await _store.PutAsync(_path, sha256));

        Assert.Equal("0123456789"u8.ToArray(), await ReadAsync(sha256));
        Assert.Equal("3456789"u8.ToArray(), await ReadAsync(sha256, 3));
        Assert.Equal("345"u8.ToArray(), await ReadAsync(sha256, 3, 3));
        Assert.Equal("0"u8.ToArray(), await ReadAsync(sha256, 0, 1));
        var properties = await _store.GetPropertiesAsync(sha256);
        Assert.Equal((sha256, 10L), (properties!.Sha256, properties.SizeBytes));
    }

    [Fact]
    public async Task A_file_of_several_blocks_comes_back_as_it_was()
    {
        var bytes = RandomNumberGenerator.GetBytes((20 * 1024 * 1024) + 12345);
        var sha256 = await FileOfAsync(bytes);

        Assert.True(await _store.PutAsync(_path, sha256));

        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData((await ReadAsync(sha256))!)));
    }

    [Fact]
    public async Task What_was_never_put_is_not_there()
    {
        var sha256 = new string('0', 64);
        Assert.Null(await _store.OpenReadAsync(sha256));
        Assert.Null(await _store.GetPropertiesAsync(sha256));
        Assert.False(await _store.DeleteAsync(new ArtifactProperties(sha256, 1, default, "0x1")));
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task The_same_bytes_again_are_not_stored_twice_but_touched()
    {
        var sha256 = await FileOfAsync("bread"u8.ToArray());
        Assert.True(await _store.PutAsync(_path, sha256));
        var first = await _store.GetPropertiesAsync(sha256);

        Assert.False(await _store.PutAsync(_path, sha256));

        var touched = Assert.Single(await ListAsync());
        Assert.Equal((sha256, 5L), (touched.Sha256, touched.SizeBytes));
        Assert.NotEqual(first!.ETag, (await _store.GetPropertiesAsync(sha256))!.ETag);
        Assert.Equal("bread"u8.ToArray(), await ReadAsync(sha256));
    }

    [Fact]
    public async Task A_stream_is_stored_as_a_file_is_and_not_opened_when_its_bytes_are_there()
    {
        var content = RandomNumberGenerator.GetBytes(20_000_000);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        var opened = 0;

        await Assert.ThrowsAsync<InvalidDataException>(() => _store.PutAsync(() => OpenAsync(content[1..]), sha256));
        Assert.Null(await _store.GetPropertiesAsync(sha256));
        Assert.True(await _store.PutAsync(() => OpenAsync(content), sha256));
        opened = 0;
        Assert.False(await _store.PutAsync(() => OpenAsync(content), sha256));

        Assert.Equal((0, content.Length), (opened, (await _store.GetPropertiesAsync(sha256))!.SizeBytes));

        Task<Stream> OpenAsync(byte[] bytes)
        {
            opened++;
            return Task.FromResult<Stream>(new MemoryStream(bytes));
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20 * 1024 * 1024)]
    public async Task Bytes_that_are_not_what_the_hash_promises_are_not_stored(int length)
    {
        await FileOfAsync(new byte[length]);
        var other = Convert.ToHexStringLower(SHA256.HashData("other"u8));

        await Assert.ThrowsAsync<InvalidDataException>(() => _store.PutAsync(_path, other));

        Assert.Null(await _store.GetPropertiesAsync(other));
        Assert.Empty(await ListAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../secret")]
    [InlineData("ABCDEF0000000000000000000000000000000000000000000000000000000000")]
    public async Task What_is_no_hash_names_no_artifact(string sha256)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _store.OpenReadAsync(sha256));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(9 * 1024 * 1024)]
    public async Task Many_who_put_the_same_bytes_at_once_all_succeed_with_one_copy(int length)
    {
        var sha256 = await FileOfAsync(RandomNumberGenerator.GetBytes(length));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _store.PutAsync(_path, sha256)));

        Assert.Equal(length, Assert.Single(await ListAsync()).SizeBytes);
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData((await ReadAsync(sha256))!)));
    }

    [Fact]
    public async Task What_was_touched_since_it_was_listed_is_not_deleted()
    {
        var sha256 = await FileOfAsync("bread"u8.ToArray());
        await _store.PutAsync(_path, sha256);
        var listed = Assert.Single(await ListAsync());
        await _store.PutAsync(_path, sha256);

        Assert.False(await _store.DeleteAsync(listed));

        Assert.NotNull(await _store.GetPropertiesAsync(sha256));
        Assert.True(await _store.DeleteAsync((await _store.GetPropertiesAsync(sha256))!));
        Assert.Null(await _store.GetPropertiesAsync(sha256));
        Assert.True(await _store.PutAsync(_path, sha256));
    }

    [Fact]
    public async Task What_was_touched_by_its_hash_alone_is_not_deleted_either()
    {
        var sha256 = await FileOfAsync("bread"u8.ToArray());
        Assert.False(await _store.TouchAsync(sha256));
        await _store.PutAsync(_path, sha256);
        var listed = Assert.Single(await ListAsync());

        Assert.True(await _store.TouchAsync(sha256));

        Assert.False(await _store.DeleteAsync(listed));
        Assert.Equal("bread"u8.ToArray(), await ReadAsync(sha256));
    }

    [Fact]
    public async Task A_URL_reads_one_artifact_and_nothing_else()
    {
        var (bread, butter) = (await FileOfAsync("bread"u8.ToArray()), Convert.ToHexStringLower(SHA256.HashData("butter"u8)));
        await _store.PutAsync(_path, bread);
        await FileOfAsync("butter"u8.ToArray());
        await _store.PutAsync(_path, butter);
        using var anonymous = new HttpClient();

        var url = await _store.GetReadUrlAsync(bread, TimeSpan.FromMinutes(1));

        Assert.Equal("bread", await anonymous.GetStringAsync(url));
        var other = url.AbsoluteUri.Replace($"{bread[..2]}/{bread}", $"{butter[..2]}/{butter}");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await anonymous.GetAsync(other)).StatusCode);
        using var write = new HttpRequestMessage(HttpMethod.Put, url) { Content = new StringContent("x"), Headers = { { "x-ms-blob-type", "BlockBlob" } } };
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await anonymous.SendAsync(write)).StatusCode);
    }

    [Fact]
    public async Task An_artifact_sent_with_the_answer_lost_is_there()
    {
        var network = new LossyTransport();
        var options = BlobClients.Options();
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        options.Transport = network;
        var lossy = new BlobArtifactStore(new BlobServiceClient(azurite.NewAccount(), options), TimeProvider.System);
        await lossy.PutAsync(_path, await FileOfAsync("first"u8.ToArray()));
        var sha256 = await FileOfAsync("bread"u8.ToArray());

        // The touch that finds nothing, then the upload.
        network.LoseNext(2);
        await lossy.PutAsync(_path, sha256);

        Assert.Equal(2, network.Lost);
        Assert.Equal(5, (await lossy.GetPropertiesAsync(sha256))!.SizeBytes);
    }

    private async Task<string> FileOfAsync(byte[] bytes)
    {
        await File.WriteAllBytesAsync(_path, bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    private async Task<byte[]?> ReadAsync(string sha256, long offset = 0, long? length = null)
    {
        await using var stream = await _store.OpenReadAsync(sha256, offset, length);
        if (stream is null)
            return null;
        var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private async Task<List<ArtifactProperties>> ListAsync()
    {
        var all = new List<ArtifactProperties>();
        await foreach (var artifact in _store.ListAsync())
            all.Add(artifact);
        return all;
    }
}
