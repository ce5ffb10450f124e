using System.IO.Compression;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Registry.Errors;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Orchestrations.Tests.Ingestion;

public sealed class ModelArchiveTests : IDisposable
{
    private static readonly ArchiveLimits Limits = new() { Entries = 50, ExpandedBytes = 64 << 20 };

    private readonly string _folder = Directory.CreateTempSubdirectory("archives-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_archive_gives_what_was_put_in_and_says_what_nobody_reads()
    {
        var model = OnnxModel.Linear();
        await using var archive = Open(new RawZip()
            .Add("model.onnx", model)
            .Add("larder.yaml", "name: iris")
            .Add("README.md", "# Iris")
            .Add("notes/todo.txt", "nothing")
            .ToBytes());

        await using var content = archive.OpenModel();
        var read = new MemoryStream();
        await content.CopyToAsync(read);

        Assert.Equal(model, read.ToArray());
        Assert.Equal("name: iris", (await archive.ReadAsync("larder.yaml", default))!.ToString());
        Assert.Null(await archive.ReadAsync("metrics.json", default));
        Assert.Equal("# Iris", (await archive.ReadCardAsync(default))!.ToString());
        Assert.Equal(["notes/todo.txt"], archive.Ignored);
    }

    [Fact]
    public async Task An_archive_of_another_tool_opens_too()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("folder/");
            using var entry = zip.CreateEntry("model.onnx").Open();
            entry.Write(OnnxModel.Linear());
        }

        await using var archive = Open(bytes.ToArray());
        using var model = archive.OpenModel();
        Assert.Empty(archive.Ignored);
    }

    [Theory]
    [InlineData("../model.onnx")]
    [InlineData("a/../../model.onnx")]
    [InlineData("/etc/cron.d/x")]
    [InlineData("C:/windows/x")]
    [InlineData("C:x")]
    [InlineData("..\\model.onnx")]
    [InlineData("a\\b")]
    [InlineData("./model.onnx")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("model.onnx\0.txt")]
    [InlineData("line\nfeed")]
    public void A_name_that_means_harm_is_refused(string name)
    {
        var message = Refused(new RawZip().Add("model.onnx", OnnxModel.Linear()).Add(name, "x").ToBytes());

        Assert.StartsWith("The name '", message);
        Assert.DoesNotContain('\0', message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData(0xA1FF, "has a link, 'larder.yaml'")]
    [InlineData(0x11A4, "neither a file nor a folder")]
    [InlineData(0x61B0, "neither a file nor a folder")]
    public void A_link_or_a_device_is_refused(int mode, string expected)
    {
        var zip = new RawZip().Add("model.onnx", OnnxModel.Linear()).Add("larder.yaml", "/etc/passwd", entry => entry.Mode = (uint)mode);

        Assert.Contains(expected, Refused(zip.ToBytes()));
    }

    [Fact]
    public void An_encrypted_file_is_refused() =>
        Assert.Contains("is encrypted", Refused(new RawZip().Add("model.onnx", OnnxModel.Linear(), entry => entry.Flags |= 1).ToBytes()));

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("MODEL.onnx")]
    public void A_name_that_is_there_twice_is_refused(string name) =>
        Assert.Contains("twice", Refused(new RawZip().Add("model.onnx", OnnxModel.Linear()).Add(name, "other").ToBytes()));

    [Fact]
    public void Ten_gigabytes_that_are_only_claimed_are_refused_unread()
    {
        var zip = new RawZip().Add("model.onnx", OnnxModel.Linear(), entry => entry.Length = 10UL << 30);

        Assert.Contains("more than 67108864 bytes unpacked", Refused(zip.ToBytes()));
    }

    [Fact]
    public void Files_that_are_too_large_together_are_refused_even_when_nobody_reads_them()
    {
        var zip = new RawZip().Add("model.onnx", OnnxModel.Linear());
        for (var i = 0; i < 5; i++)
        {
            zip.Add($"nested-{i}.zip", [], entry =>
            {
                entry.Length = 30UL << 20;
                entry.Packed = new byte[200 << 10];
            });
        }


        Assert.Contains("unpacked", Refused(zip.ToBytes()));
    }

    [Fact]
    public void A_bomb_is_refused_by_how_densely_it_is_packed() =>
        Assert.Contains("packed more than 200 to 1", Refused(new RawZip().Add("model.onnx", new byte[32 << 20]).ToBytes()));

    [Theory]
    [InlineData(1000)]
    [InlineData(32 << 20)]
    public async Task A_bomb_that_claims_to_be_small_ends_at_what_it_claims(int claimed)
    {
        // 48 MiB of zeros. The claim of 32 MiB is made plausible by bytes behind the deflated ones.
        var zip = new RawZip().Add("model.onnx", new byte[48 << 20], entry =>
        {
            entry.Length = (ulong)claimed;
            entry.Packed = [.. entry.Packed, .. new byte[claimed / 100]];
        });
        await using var archive = Open(zip.ToBytes());
        await using var content = archive.OpenModel();
        var read = 0L;

        await Assert.ThrowsAsync<InvalidRequestException>(async () =>
        {
            var buffer = new byte[64 << 10];
            while (await content.ReadAsync(buffer) is > 0 and var count)
                read += count;
        });
        Assert.True(read <= claimed, $"{read} bytes came of {claimed} claimed.");
    }

    [Fact]
    public async Task Content_that_is_not_what_its_checksum_says_is_refused()
    {
        await using var archive = Open(new RawZip().Add("model.onnx", OnnxModel.Linear(), entry => entry.Crc ^= 1).ToBytes());
        await using var content = archive.OpenModel();

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => content.CopyToAsync(Stream.Null));
        Assert.Equal("The archive's file 'model.onnx' is damaged.", refused.Message);
    }

    [Fact]
    public void Too_many_entries_are_refused()
    {
        var zip = new RawZip();
        for (var i = 0; i < 51; i++)
            zip.Add($"{i}", "");

        Assert.Contains("51 entries; 50 is the most", Refused(zip.ToBytes()));
    }

    [Fact]
    public void Entries_that_are_not_counted_are_refused_before_the_directory_is_read()
    {
        // The end of the directory says one; the library would read them all into memory to find out.
        var zip = new RawZip { ClaimedEntries = 1 };
        for (var i = 0; i < 60_000; i++)
            zip.Add($"{i}", "");
        var path = Store(zip.ToBytes());

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidRequestException>(() => ModelArchive.Open(path, Limits));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Cut_off_anywhere_it_is_refused()
    {
        var whole = new RawZip().Add("model.onnx", OnnxModel.Linear()).Add("README.md", "# Card").ToBytes();
        for (var length = 0; length < whole.Length; length += 7)
            Assert.NotEmpty(Refused(whole[..length]));
    }

    [Fact]
    public async Task Whatever_byte_is_wrong_it_opens_or_is_refused()
    {
        var whole = new RawZip().Add("model.onnx", OnnxModel.Linear()).Add("README.md", "# Card").ToBytes();
        var random = new Random(4);
        var refused = 0;
        for (var i = 0; i < 2000; i++)
        {
            var broken = whole.ToArray();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            try
            {
                await using var archive = Open(broken);
                using var model = archive.OpenModel();
                model.CopyTo(Stream.Null);
            }
            catch (InvalidRequestException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 2000);
    }

    [Theory]
    [InlineData("iris/deep/model.onnx", "no model.onnx at its top, or in its only folder; it has 'iris/deep/model.onnx'")]
    [InlineData("checkpoint/data.pkl", "has no model.onnx. It seems to be, or to have, a PyTorch model. docs/onnx.md#pytorch describes the conversion.")]
    [InlineData("README.md", "has no model.onnx.")]
    public async Task An_archive_without_a_model_at_its_top_says_what_it_has(string name, string expected)
    {
        await using var archive = Open(new RawZip().Add(name, "x").ToBytes());
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(archive.OpenModel).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("iris-2/")]
    public async Task A_folder_that_holds_everything_is_looked_through_and_what_desktops_add_is_not_there(string top)
    {
        await using var archive = Open(new RawZip()
            .Add($"{top}model.onnx", "model")
            .Add($"{top}model.onnx.data", "data")
            .Add($"{top}larder.yml", "name: iris")
            .Add($"{top}Readme.MD", "# Iris")
            .Add($"{top}.DS_Store", "x")
            .Add($"{top}notes.txt", "x")
            .Add($"__MACOSX/{top}._model.onnx", "x")
            .Add(".git/config", "x")
            .ToBytes());
        await using var model = archive.OpenModel();

        Assert.Equal("name: iris", (await archive.ReadManifestAsync(default))!.ToString());
        Assert.Equal("# Iris", (await archive.ReadCardAsync(default))!.ToString());
        Assert.Equal("data", await new StreamReader(archive.TryOpen("model.onnx.data")!).ReadToEndAsync());
        Assert.Null(archive.TryOpen("other.data"));
        Assert.Equal([$"{top}notes.txt"], archive.Ignored);
    }

    [Fact]
    public async Task Two_manifests_are_refused()
    {
        await using var archive = Open(new RawZip().Add("model.onnx", "x").Add("larder.yaml", "name: a").Add("larder.yml", "name: b").ToBytes());

        Assert.Equal("The archive has larder.yaml and larder.yml; one is enough.", (await Assert.ThrowsAsync<InvalidRequestException>(() => archive.ReadManifestAsync(default))).Message);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused()
    {
        await using var archive = Open(new RawZip().Add("larder.yaml", string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i}: {i}\n"))).ToBytes());
        await Assert.ThrowsAsync<TooLargeException>(() => archive.ReadAsync("larder.yaml", default));
    }

    [Fact]
    public void What_is_no_zip_is_refused() => Assert.Contains("no zip archive", Refused(OnnxModel.Linear()));

    private string Refused(byte[] zip)
    {
        var path = Store(zip);
        var message = Assert.Throws<InvalidRequestException>(() => ModelArchive.Open(path, Limits)).Message;
        // Nothing is written, there or elsewhere below.
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories));
        return message;
    }

    private ModelArchive Open(byte[] zip) => ModelArchive.Open(Store(zip), Limits);

    private string Store(byte[] zip)
    {
        var path = Path.Combine(_folder, "dropped.zip");
        File.WriteAllBytes(path, zip);
        return path;
    }
}
