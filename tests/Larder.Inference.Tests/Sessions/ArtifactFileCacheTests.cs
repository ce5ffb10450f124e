using System.Security.Cryptography;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Sessions;

public sealed class ArtifactFileCacheTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("larder-files-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, byte[]> _artifacts = [];
    private int _fetches;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_file_is_fetched_once_and_has_the_right_bytes()
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);

        for (var i = 0; i < 3; i++)
        {
            using var file = await cache.RentAsync(sha256, 5000, CancellationToken.None);
            Assert.Equal(_artifacts[sha256], await File.ReadAllBytesAsync(file.Path));
        }

        Assert.Equal(1, _fetches);
        Assert.Equal(5000, cache.Bytes);
    }

    [Fact]
    public async Task A_file_of_an_earlier_process_is_used_when_it_is_whole()
    {
        var sha256 = Artifact(1, 5000);
        (await Open().RentAsync(sha256, 5000, CancellationToken.None)).Dispose();

        using var file = await Open().RentAsync(sha256, 5000, CancellationToken.None);

        Assert.Equal(1, _fetches);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_file_of_an_earlier_process_is_fetched_again(bool truncated)
    {
        var sha256 = Artifact(1, 5000);
        string path;
        using (var file = await Open().RentAsync(sha256, 5000, CancellationToken.None))
            path = file.Path;
        await File.WriteAllBytesAsync(path, truncated ? _artifacts[sha256][..4000] : [.. _artifacts[sha256].Reverse()]);

        using var again = await Open().RentAsync(sha256, 5000, CancellationToken.None);

        Assert.Equal(_artifacts[sha256], await File.ReadAllBytesAsync(again.Path));
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task A_file_that_is_distrusted_is_verified_again()
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);
        using (var file = await cache.RentAsync(sha256, 5000, CancellationToken.None))
        {
            await File.WriteAllBytesAsync(file.Path, new byte[5000]);
            file.Distrust();
        }

        using var again = await cache.RentAsync(sha256, 5000, CancellationToken.None);

        Assert.Equal(_artifacts[sha256], await File.ReadAllBytesAsync(again.Path));
    }

    [Theory]
    [InlineData(4999)]
    [InlineData(5001)]
    public async Task Wrong_bytes_are_refused_and_leave_nothing_behind(int arriving)
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);
        _artifacts[sha256] = Bytes(2, arriving);

        await Assert.ThrowsAsync<ArtifactCorruptException>(() => cache.RentAsync(sha256, 5000, CancellationToken.None));

        Assert.Empty(Directory.GetFiles(_directory));
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public async Task A_fetch_that_fails_leaves_nothing_behind_and_is_tried_again()
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);
        var bytes = _artifacts[sha256];
        _artifacts.Remove(sha256);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => cache.RentAsync(sha256, 5000, CancellationToken.None));
        Assert.Empty(Directory.GetFiles(_directory));
        _artifacts[sha256] = bytes;

        using var file = await cache.RentAsync(sha256, 5000, CancellationToken.None);

        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task The_least_recently_used_files_are_removed_but_never_one_in_use()
    {
        var cache = Open();
        var (a, b, c, d) = (Artifact(1, 400_000), Artifact(2, 400_000), Artifact(3, 400_000), Artifact(4, 400_000));
        var used = await cache.RentAsync(a, 400_000, CancellationToken.None);
        await UseAsync(cache, b);
        await UseAsync(cache, c);
        Assert.Equal([a, c], Files());

        await UseAsync(cache, d);
        Assert.Equal([a, d], Files());

        used.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));
        await UseAsync(cache, d);
        await UseAsync(cache, b);
        Assert.Equal([b, d], Files());

        string[] Files() => [.. Directory.GetFiles(_directory).Select(Path.GetFileName).OrderBy(name => Array.IndexOf([a, b, c, d], name))!];
    }

    [Fact]
    public async Task An_added_file_needs_no_fetch_and_is_moved()
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);
        var upload = Path.Combine(Directory.CreateTempSubdirectory("larder-upload-").FullName, "upload");
        await File.WriteAllBytesAsync(upload, _artifacts[sha256]);

        cache.Add(upload, sha256);
        using var file = await cache.RentAsync(sha256, 5000, CancellationToken.None);

        Assert.Equal(_artifacts[sha256], await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(0, _fetches);
        Assert.False(File.Exists(upload));
        await File.WriteAllBytesAsync(upload, _artifacts[sha256]);
        cache.Add(upload, sha256);
        Assert.False(File.Exists(upload));
        Assert.Equal(5000, cache.Bytes);
        Directory.Delete(Path.GetDirectoryName(upload)!);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    public async Task Only_a_SHA256_names_a_file(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Open().RentAsync(name, 1, CancellationToken.None));

    [Fact]
    public async Task Files_of_an_unfinished_fetch_are_cleared_away_after_a_day()
    {
        var old = Path.Combine(_directory, "x.part");
        var young = Path.Combine(_directory, "y.part");
        await File.WriteAllTextAsync(old, "");
        await File.WriteAllTextAsync(young, "");
        File.SetLastWriteTimeUtc(old, _time.GetUtcNow().UtcDateTime.AddDays(-2));
        File.SetLastWriteTimeUtc(young, _time.GetUtcNow().UtcDateTime.AddHours(-1));

        Open();

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task Concurrent_renters_share_one_fetch()
    {
        var cache = Open();
        var sha256 = Artifact(1, 5000);

        var files = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cache.RentAsync(sha256, 5000, CancellationToken.None)));

        Assert.Equal(1, _fetches);
        foreach (var file in files)
            file.Dispose();
    }

    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public async Task A_model_of_several_files_is_a_folder_that_is_fetched_once_and_evicted_whole()
    {
        var cache = Open();
        var manifest = Manifest(400_000);
        var sha256 = ModelFile.ManifestSha256(manifest);
        string path;
        using (var model = await cache.RentAsync(sha256, 405_000, manifest, CancellationToken.None))
        {
            path = model.Path;
            Assert.EndsWith($"{sha256}/model.onnx", path, StringComparison.Ordinal);
            Assert.Equal(_artifacts[manifest[1].Sha256], await File.ReadAllBytesAsync(Path.Combine(Path.GetDirectoryName(path)!, "weights/all.bin")));
        }

        (await cache.RentAsync(sha256, 405_000, manifest, CancellationToken.None)).Dispose();
        Assert.Equal((2, 405_000), (_fetches, cache.Bytes));
        _time.Advance(TimeSpan.FromSeconds(1));

        await UseAsync(cache, Artifact(7, 700_000));

        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        Assert.Equal(700_000, cache.Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_of_an_earlier_process_is_used_when_all_of_it_is_whole(bool isDamaged)
    {
        var manifest = Manifest(5000);
        var sha256 = ModelFile.ManifestSha256(manifest);
        string path;
        using (var model = await Open().RentAsync(sha256, 10_000, manifest, CancellationToken.None))
            path = model.Path;
        if (isDamaged)
            File.Delete(Path.Combine(Path.GetDirectoryName(path)!, "weights/all.bin"));

        var cache = Open();
        using var again = await cache.RentAsync(sha256, 10_000, manifest, CancellationToken.None);

        Assert.Equal(isDamaged ? 4 : 2, _fetches);
        Assert.Equal(10_000, cache.Bytes);
        Assert.Equal(_artifacts[manifest[1].Sha256], await File.ReadAllBytesAsync(Path.Combine(Path.GetDirectoryName(again.Path)!, "weights/all.bin")));
    }

    [Fact]
    public async Task A_folder_is_taken_over_and_a_file_that_is_not_what_it_should_be_leaves_nothing()
    {
        var cache = Open();
        var manifest = Manifest(5000);
        var staged = Directory.CreateTempSubdirectory("larder-staged-").FullName;
        foreach (var file in manifest)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(staged, file.Name))!);
            await File.WriteAllBytesAsync(Path.Combine(staged, file.Name), _artifacts[file.Sha256]);
        }

        cache.Add(staged, ModelFile.ManifestSha256(manifest));
        using (var taken = await cache.RentAsync(ModelFile.ManifestSha256(manifest), 10_000, manifest, CancellationToken.None))
            Assert.True(File.Exists(taken.Path));
        Assert.Equal((0, false), (_fetches, Directory.Exists(staged)));

        var other = Manifest(4000);
        _artifacts[other[1].Sha256] = Bytes(9, 4000);
        await Assert.ThrowsAsync<ArtifactCorruptException>(() => cache.RentAsync(ModelFile.ManifestSha256(other), 9000, other, CancellationToken.None));
        Assert.Equal([ModelFile.ManifestSha256(manifest)], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName));
    }

    private ModelFile[] Manifest(int dataBytes) =>
    [
        new("model.onnx", Artifact(1, 5000), 5000, 0),
        new("weights/all.bin", Artifact(2, dataBytes), dataBytes, 0),
    ];

    private string Artifact(int seed, int length)
    {
        var bytes = Bytes(seed, length);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        _artifacts[sha256] = bytes;
        return sha256;
    }

    private async Task UseAsync(ArtifactFileCache cache, string sha256)
    {
        (await cache.RentAsync(sha256, _artifacts[sha256].Length, CancellationToken.None)).Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    // The least that limits allow: two files of 400 KB.
    private ArtifactFileCache Open() => new(
        _directory,
        async (sha256, destination, cancellationToken) =>
        {
            Interlocked.Increment(ref _fetches);
            await destination.WriteAsync(Array.Empty<byte>(), cancellationToken);
            foreach (var piece in _artifacts[sha256].Chunk(777))
                await destination.WriteAsync(piece, cancellationToken);
        },
        new InferenceLimits { ArtifactCacheBytes = 1 << 20 },
        _time);
}
