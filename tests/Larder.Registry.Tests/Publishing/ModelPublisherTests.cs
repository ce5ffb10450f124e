using Larder.Inference;
using Larder.Inference.Settings;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Publishing;

[Collection(AzuriteCollection.Name)]
public sealed class ModelPublisherTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly PublishRequest Upload = new() { Source = "upload" };

    private readonly string _account = azurite.NewAccount();
    private readonly List<Shop> _shops = [];

    public void Dispose() => _shops.ForEach(shop => shop.Dispose());

    [Fact]
    public async Task The_same_bytes_twice_are_two_versions_and_one_artifact()
    {
        var shop = Open();
        var first = await shop.PublishAsync("iris", "same");
        var second = await shop.PublishAsync("iris", "same");
        var other = await shop.PublishAsync("rose", "same");

        Assert.Equal([1, 2, 1], new[] { first.Version, second.Version, other.Version });
        Assert.Equal(Shop.Sha256("same"), Assert.Single(await shop.ArtifactsAsync()).Sha256);
        Assert.Equal(first.Sha256, other.Sha256);
    }

    [Fact]
    public async Task A_file_that_is_no_model_leaves_nothing_behind()
    {
        var shop = Open(validate: (_, _, _) => throw new InvalidModelException("It is a poem."));

        var thrown = await Assert.ThrowsAsync<InvalidModelException>(() => shop.PublishAsync("iris", "poem"));

        Assert.Equal("It is a poem.", thrown.Message);
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task What_is_validated_is_what_was_sent()
    {
        string? seen = null;
        var shop = Open(validate: async (file, _, cancellationToken) =>
        {
            seen = await File.ReadAllTextAsync(file.Path, cancellationToken);
            return Shop.Description;
        });
        await shop.PublishAsync("iris", "content");
        Assert.Equal("content", seen);
    }

    [Fact]
    public async Task A_model_of_the_largest_size_is_taken_and_one_byte_more_is_not()
    {
        var shop = Open(new PublishingOptions { ModelBytes = 1000 });

        Assert.Equal(1000, (await shop.PublishAsync("iris", new string('x', 1000))).SizeBytes);

        var thrown = await Assert.ThrowsAsync<TooLargeException>(() => shop.PublishAsync("rose", new string('x', 1001)));
        Assert.Contains("1000", thrown.Message);
        Assert.Empty(shop.Staged);
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Registry.GetAsync(ModelName.Parse("rose")));
    }

    [Fact]
    public async Task A_stream_without_end_is_refused_when_it_passes_the_limit()
    {
        var shop = Open(new PublishingOptions { ModelBytes = 3_000_000 });
        await using var endless = new EndlessStream();

        await Assert.ThrowsAsync<TooLargeException>(() => shop.Publisher.PublishAsync(Iris, endless, Upload));

        Assert.InRange(endless.BytesRead, 3_000_001, 4_000_000);
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_length_that_is_known_to_be_too_large_is_refused_before_a_byte_is_read()
    {
        var shop = Open(new PublishingOptions { ModelBytes = 1000 });
        await using var endless = new EndlessStream();

        await Assert.ThrowsAsync<TooLargeException>(() => shop.Publisher.PublishAsync(Iris, endless, Upload, contentLength: 1001));

        Assert.Equal(0, endless.BytesRead);
    }

    [Fact]
    public async Task A_disk_that_would_fill_up_takes_nothing()
    {
        var shop = Open(new PublishingOptions { DiskReserveBytes = long.MaxValue / 2 });
        await using var endless = new EndlessStream();

        var thrown = await Assert.ThrowsAsync<NoRoomException>(() => shop.Publisher.PublishAsync(Iris, endless, Upload));

        Assert.Contains("room for 0 more bytes", thrown.Message);
        Assert.Equal(0, endless.BytesRead);
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_known_length_that_does_not_fit_onto_the_disk_is_refused_before_a_byte_is_read()
    {
        var shop = Open(new PublishingOptions { ModelBytes = long.MaxValue });
        await using var endless = new EndlessStream();

        await Assert.ThrowsAsync<NoRoomException>(() => shop.Publisher.PublishAsync(Iris, endless, Upload, contentLength: long.MaxValue / 2));

        Assert.Equal(0, endless.BytesRead);
    }

    [Fact]
    public async Task Nothing_is_no_model()
    {
        var shop = Open();
        await Assert.ThrowsAsync<InvalidRequestException>(() => shop.PublishAsync("iris", ""));
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_sender_who_hangs_up_leaves_nothing_behind()
    {
        var shop = Open();
        await using var broken = new EndlessStream(failAfter: 1_000_000);
        await Assert.ThrowsAsync<IOException>(() => shop.Publisher.PublishAsync(Iris, broken, Upload));
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_request_that_is_not_allowed_is_refused_before_a_byte_is_read()
    {
        var shop = Open();
        await using var endless = new EndlessStream();
        PublishRequest[] refused =
        [
            Upload with { Description = new string('x', 40_000) },
            Upload with { ModelDescription = new string('x', 40_000) },
            Upload with { Tags = new Dictionary<string, string> { [""] = "x" } },
            Upload with { Tags = new Dictionary<string, string> { ["x"] = null! } },
            Upload with { FileName = new string('x', 300) },
            Upload with { Source = new string('x', 1300) },
            Upload with { Labels = [new string('x', 300)] },
            Upload with { Image = new ImageSettings { Scale = 0 } },
            Upload with { Owner = new string('x', 300) },
        ];

        foreach (var request in refused)
            await Assert.ThrowsAsync<InvalidRequestException>(() => shop.Publisher.PublishAsync(Iris, endless, request));

        Assert.Equal(0, endless.BytesRead);
    }

    [Theory]
    [InlineData("iris.onnx", "iris.onnx")]
    [InlineData("/home/ada/iris.onnx", "iris.onnx")]
    [InlineData(@"C:\models\iris.onnx", "iris.onnx")]
    [InlineData("../../", null)]
    [InlineData("  ", null)]
    [InlineData(null, null)]
    public async Task A_file_name_keeps_no_folders(string? sent, string? kept)
    {
        var shop = Open();
        Assert.Equal(kept, (await shop.PublishAsync("iris", "x", Upload with { FileName = sent })).FileName);
    }

    [Fact]
    public async Task What_comes_after_the_file_can_be_told_after_staging_it()
    {
        var shop = Open();
        string path;
        await using (var staged = await shop.Publisher.StageAsync(Shop.Stream("content"), 7))
        {
            path = staged.Path;
            Assert.Equal((Shop.Sha256("content"), 7L), (staged.Sha256, staged.SizeBytes));
            Assert.Equal("content", await File.ReadAllTextAsync(path));
            await shop.Publisher.PublishAsync(Iris, staged, Upload with { Description = "told later" });
        }

        Assert.False(File.Exists(path));
        Assert.Equal("told later", (await shop.Registry.GetVersionAsync(Iris, 1)).Description);
    }

    [Fact]
    public async Task The_local_file_is_offered_for_serving_once_it_is_stored()
    {
        var kept = Path.GetTempFileName();
        IReadOnlyList<ArtifactProperties>? stored = null;
        Shop shop = null!;
        shop = Open(adopt: async (path, _, _) =>
        {
            stored = await shop.ArtifactsAsync();
            File.Move(path, kept, overwrite: true);
        });

        await shop.PublishAsync("iris", "content");

        Assert.Equal(Shop.Sha256("content"), Assert.Single(stored!).Sha256);
        Assert.Equal("content", await File.ReadAllTextAsync(kept));
        File.Delete(kept);
    }

    [Fact]
    public async Task A_file_that_cannot_be_kept_for_serving_is_published_all_the_same()
    {
        var shop = Open(adopt: (_, _, _) => throw new IOException("The disk is full."));
        Assert.Equal(1, (await shop.PublishAsync("iris")).Version);
        Assert.Empty(shop.Staged);
    }

    [Fact]
    public async Task Whoever_cancels_before_the_version_is_counted_leaves_nothing_visible()
    {
        using var cancel = new CancellationTokenSource();
        var shop = Open(validate: async (_, _, _) =>
        {
            await cancel.CancelAsync();
            return Shop.Description;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => shop.Publisher.PublishAsync(Iris, Shop.Stream("content"), Upload, cancellationToken: cancel.Token));

        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_model_with_its_data_is_one_version_with_a_manifest_and_its_folder_is_kept_for_serving()
    {
        var kept = Path.Combine(Path.GetTempPath(), $"kept-{Guid.NewGuid():N}");
        var shop = Open(adopt: (path, _, _) =>
        {
            Directory.Move(path, kept);
            return Task.CompletedTask;
        });
        await using var staged = await shop.StageFilesAsync("main", ("z.bin", "zzz"), ("a/b.bin", "bb"));

        var version = (await shop.Publisher.PublishAsync(Iris, staged, Upload)).Version;

        Assert.Equal([("model.onnx", Shop.Sha256("main"), 4), ("a/b.bin", Shop.Sha256("bb"), 2), ("z.bin", Shop.Sha256("zzz"), 3)], version.Manifest!.Select(file => (file.Name, file.Sha256, file.SizeBytes)));
        // What sha256sum model.onnx a/b.bin z.bin | sha256sum says.
        Assert.Equal(Shop.Sha256($"{Shop.Sha256("main")}  model.onnx\n{Shop.Sha256("bb")}  a/b.bin\n{Shop.Sha256("zzz")}  z.bin\n"), version.Sha256);
        Assert.Equal(9, version.SizeBytes);
        Assert.Equal(System.IO.Hashing.Crc32.HashToUInt32("bb"u8), version.Manifest![1].Crc32);
        Assert.Equal(new[] { Shop.Sha256("main"), Shop.Sha256("bb"), Shop.Sha256("zzz") }.Order(), (await shop.ArtifactsAsync()).Select(artifact => artifact.Sha256).Order());
        Assert.Equal("bb", await File.ReadAllTextAsync(Path.Combine(kept, "a/b.bin")));
        Assert.Equal(version.Manifest, (await shop.Registry.ResolveAsync(new ModelReference(Iris, 1))).Servable.Files);
        Directory.Delete(kept, recursive: true);
    }

    [Fact]
    public async Task Data_that_are_missing_too_large_or_cannot_lie_side_by_side_leave_nothing()
    {
        var shop = Open(new PublishingOptions { ModelBytes = 8 });

        Assert.Equal(
            "The model keeps its data in the file 'b.bin', which did not come with it: send all files that it names in one archive or folder, with those names.",
            (await Assert.ThrowsAsync<InvalidModelException>(() => shop.StageFilesAsync("main", ("a.bin", "aa"), ("b.bin", null)))).Message);
        Assert.Equal(
            "The model, with all its files, has more than 8 bytes, which is the limit.",
            (await Assert.ThrowsAsync<TooLargeException>(() => shop.StageFilesAsync("main", ("a.bin", "aa"), ("b.bin", "bbb")))).Message);
        await Assert.ThrowsAsync<InvalidModelException>(() => shop.StageFilesAsync("main", ("Model.onnx", "aa")));
        await Assert.ThrowsAsync<InvalidModelException>(() => shop.StageFilesAsync("main", ("a", "aa"), ("a/b", "b")));
        await AssertNothingBehindAsync(shop);
    }

    [Fact]
    public async Task A_model_without_data_is_published_as_ever()
    {
        var shop = Open();
        await using var staged = await shop.StageFilesAsync("content");

        var version = (await shop.Publisher.PublishAsync(Iris, staged, Upload)).Version;

        Assert.Equal((Shop.Sha256("content"), null), (version.Sha256, version.Manifest));
    }

    [Fact]
    public async Task A_key_that_is_used_for_something_else_is_refused()
    {
        var shop = Open();
        var request = Upload with { IdempotencyKey = "put:1", Fingerprint = "a" };

        await shop.PublishAsync("iris", "content", request);

        Assert.Equal(1, (await shop.PublishAsync("iris", "content", request)).Version);
        Assert.StartsWith("This idempotency key was used for another upload", (await Assert.ThrowsAsync<InvalidRequestException>(() => shop.PublishAsync("iris", "other", request with { Fingerprint = "b" }))).Message, StringComparison.Ordinal);
        Assert.Single(await shop.VersionsAsync("iris"));
    }

    private static async Task AssertNothingBehindAsync(Shop shop)
    {
        Assert.Empty(shop.Staged);
        Assert.Empty(await shop.ArtifactsAsync());
        Assert.Empty((await shop.Registry.ListAsync(10)).Items);
    }

    private Shop Open(PublishingOptions? options = null, ValidateModel? validate = null, AdoptArtifact? adopt = null)
    {
        var shop = new Shop(_account, options: options, validate: validate, adopt: adopt);
        _shops.Add(shop);
        return shop;
    }

    private sealed class EndlessStream(long failAfter = long.MaxValue) : Stream
    {
        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (BytesRead >= failAfter)
                throw new IOException("The connection was reset.");
            BytesRead += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
