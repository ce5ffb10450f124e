using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Larder.Inference;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;

namespace Larder.Orchestrations.Tests.Ingestion;

public sealed class TarArchiveTests : IDisposable
{
    private static readonly ArchiveLimits Limits = new() { Entries = 50, ExpandedBytes = 16 << 20 };

    private readonly string _folder = Directory.CreateTempSubdirectory("tars-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", TarEntryFormat.Pax)]
    [InlineData("./", TarEntryFormat.Gnu)]
    [InlineData("iris/", TarEntryFormat.Ustar)]
    [InlineData("./iris/", TarEntryFormat.V7)]
    public async Task A_tar_gives_what_was_put_in(string top, TarEntryFormat format)
    {
        var path = Store(tar =>
        {
            tar.WriteEntry(FolderEntry(format, top.Length == 0 ? "empty" : top));
            tar.WriteEntry(FileEntry(format, $"{top}model.onnx", "the model"));
            tar.WriteEntry(FileEntry(format, $"{top}._model.onnx", "x"));
            tar.WriteEntry(FileEntry(format, $"{top}larder.yml", "name: iris"));
            tar.WriteEntry(FileEntry(format, $"{top}notes.txt", ""));
        });

        await using (var archive = await OpenAsync(path))
        {
            Assert.Equal("the model", await new StreamReader(archive.OpenModel()).ReadToEndAsync());
            Assert.Equal("name: iris", (await archive.ReadManifestAsync(default))!.ToString());
            Assert.EndsWith("notes.txt", Assert.Single(archive.Ignored));
        }

        Assert.Equal([path], Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_long_name_is_read() => Assert.Equal(
        [$"{new string('n', 200)}.txt"],
        await IgnoredAsync(tar =>
        {
            tar.WriteEntry(FileEntry(TarEntryFormat.Gnu, $"{new string('n', 200)}.txt", "x"));
            tar.WriteEntry(FileEntry(TarEntryFormat.Gnu, "model.onnx", "x"));
        }));

    [Theory]
    [InlineData("../model.onnx", "leads out of the archive")]
    [InlineData("/etc/passwd", "is absolute")]
    [InlineData("a\\b", "has backslashes")]
    [InlineData("MODEL.onnx", "twice")]
    public async Task A_name_that_means_harm_is_refused(string name, string expected) => Assert.Contains(
        expected,
        await RefusedAsync(tar =>
        {
            tar.WriteEntry(FileEntry(TarEntryFormat.Pax, "model.onnx", "x"));
            tar.WriteEntry(FileEntry(TarEntryFormat.Pax, name, "x"));
        }),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "has a link, 'model.onnx.data'")]
    [InlineData(TarEntryType.HardLink, "has a link, 'model.onnx.data'")]
    [InlineData(TarEntryType.Fifo, "neither a file nor a folder")]
    public async Task A_link_or_a_device_is_refused(TarEntryType type, string expected) => Assert.Contains(
        expected,
        await RefusedAsync(tar =>
        {
            var entry = new PaxTarEntry(type, "model.onnx.data");
            if (type != TarEntryType.Fifo)
                entry.LinkName = "/etc/passwd";
            tar.WriteEntry(entry);
        }),
        StringComparison.Ordinal);

    [Fact]
    public async Task Too_many_entries_are_refused() => Assert.Contains(
        "more than 50 entries",
        await RefusedAsync(tar =>
        {
            for (var i = 0; i < 51; i++)
                tar.WriteEntry(FileEntry(TarEntryFormat.Ustar, $"{i}", "x"));
        }),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_bomb_is_refused_by_how_densely_it_is_packed() => Assert.Contains(
        "packed more than 200 to 1",
        await RefusedAsync(tar => tar.WriteEntry(FileEntry(TarEntryFormat.Ustar, "model.onnx", new string('\0', 8 << 20)))),
        StringComparison.Ordinal);

    [Fact]
    public async Task More_bytes_than_allowed_are_refused()
    {
        var bytes = new byte[17 << 20];
        new Random(3).NextBytes(bytes);
        var path = Store(tar => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "model.onnx") { DataStream = new MemoryStream(bytes) }));

        Assert.Contains("more than 16777216 bytes", (await Assert.ThrowsAsync<TooLargeException>(() => OpenAsync(path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_claims_a_gigabyte_of_names_is_refused_unread()
    {
        var path = Store(tar => tar.WriteEntry(FileEntry(TarEntryFormat.Ustar, "model.onnx", "x")), bytes =>
        {
            bytes[156] = (byte)'x';
            Encoding.ASCII.GetBytes("10000000000\0").CopyTo(bytes, 124);
        });

        Assert.Contains("damaged", (await Assert.ThrowsAsync<InvalidRequestException>(() => OpenAsync(path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_byte_is_wrong_or_missing_it_opens_or_is_refused()
    {
        var path = Store(tar =>
        {
            tar.WriteEntry(FileEntry(TarEntryFormat.Pax, "model.onnx", "the model"));
            tar.WriteEntry(FileEntry(TarEntryFormat.Pax, "README.md", "# Card"));
        });
        var whole = await File.ReadAllBytesAsync(path);
        var random = new Random(4);
        var refused = 0;
        for (var i = 0; i < 500; i++)
        {
            var broken = whole.ToArray();
            if (i % 2 == 0)
                broken[random.Next(2, broken.Length)] ^= (byte)random.Next(1, 256);
            else
                broken = broken[..random.Next(2, broken.Length)];
            await File.WriteAllBytesAsync(path, broken);
            try
            {
                await using var archive = await OpenAsync(path);
                await using var model = archive.OpenModel();
                await model.CopyToAsync(Stream.Null);
            }
            catch (LarderException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 500);
    }

    [Fact]
    public async Task Whatever_byte_of_the_tar_is_wrong_it_opens_or_is_refused()
    {
        var random = new Random(5);
        var refused = 0;
        for (var i = 0; i < 500; i++)
        {
            var path = Store(
                tar =>
                {
                    tar.WriteEntry(FileEntry(TarEntryFormat.Pax, "model.onnx", "the model"));
                    tar.WriteEntry(FileEntry(TarEntryFormat.Gnu, new string('n', 150), "x"));
                },
                bytes => bytes[random.Next(bytes.Length)] = (byte)random.Next(256));
            try
            {
                await using var archive = await OpenAsync(path);
                await using var model = archive.OpenModel();
                await model.CopyToAsync(Stream.Null);
            }
            catch (LarderException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 500);
    }

    private static TarEntry FileEntry(TarEntryFormat format, string name, string content) => With(format, TarEntryType.RegularFile, name, content);

    private static TarEntry FolderEntry(TarEntryFormat format, string name) => With(format, TarEntryType.Directory, name, null);

    private static TarEntry With(TarEntryFormat format, TarEntryType type, string name, string? content)
    {
        TarEntry entry = format switch
        {
            TarEntryFormat.V7 => new V7TarEntry(type == TarEntryType.RegularFile ? TarEntryType.V7RegularFile : type, name),
            TarEntryFormat.Ustar => new UstarTarEntry(type, name),
            TarEntryFormat.Gnu => new GnuTarEntry(type, name),
            _ => new PaxTarEntry(type, name),
        };
        if (content is not null)
            entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        return entry;
    }

    private async Task<IReadOnlyList<string>> IgnoredAsync(Action<TarWriter> write)
    {
        await using var archive = await OpenAsync(Store(write));
        await using var model = archive.OpenModel();
        return archive.Ignored;
    }

    private async Task<string> RefusedAsync(Action<TarWriter> write) => (await Assert.ThrowsAsync<InvalidRequestException>(() => OpenAsync(Store(write)))).Message;

    private Task<ModelArchive> OpenAsync(string path) =>
        ModelArchive.OpenAsync(path, Limits, new StagingArea(new PublishingOptions { StagingFolder = Path.Combine(_folder, "staging") }), CancellationToken.None);

    private string Store(Action<TarWriter> write, Action<byte[]>? spoil = null)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true))
            write(tar);
        var content = bytes.ToArray();
        spoil?.Invoke(content);
        var path = Path.Combine(_folder, "dropped.tar.gz");
        using var file = File.Create(path);
        using var gzip = new GZipStream(file, CompressionLevel.Optimal);
        gzip.Write(content);
        return path;
    }
}
