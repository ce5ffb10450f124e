using System.IO.Compression;
using Larder.Functions.Http;
using Larder.Inference.Sessions;
using Larder.Registry.Storage;

namespace Larder.Functions.Tests.Http;

public sealed class StoredZipTests
{
    private const long Large = 5L << 30;

    [Fact]
    public void A_zip_of_more_than_four_gibibytes_is_read_by_others_and_any_part_of_it_is_what_the_whole_has_there()
    {
        ModelFile[] files = [new("model.onnx", "a", 100, 0), new("weights/ö.bin", "b", Large, 0), new("behind", "c", 7, 0)];
        var zip = new StoredZip(files);
        using var whole = new WholeStream(zip);
        using var archive = new ZipArchive(whole);

        Assert.Equal(files.Select(file => (file.Name, file.SizeBytes)), archive.Entries.Select(entry => (entry.FullName, entry.Length)));
        Assert.All(archive.Entries, entry => Assert.Equal(entry.Length, entry.CompressedLength));
        using var behind = archive.GetEntry("behind")!.Open();
        var read = new byte[10];
        Assert.Equal(7, behind.ReadAtLeast(read, 10, throwOnEndOfStream: false));
        Assert.Equal(Enumerable.Repeat((byte)'c', 7), read[..7]);
    }

    /// <summary>A zip as a stream with a position, each read of which is a part that is asked for alone.</summary>
    private sealed class WholeStream(StoredZip zip) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => zip.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            using var part = zip.Open(new Filled(), Position, Math.Min(count, Length - Position));
            var read = part.ReadAtLeastAsync(buffer.AsMemory(offset, count), count, throwOnEndOfStream: false).AsTask().GetAwaiter().GetResult();
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Files that no test's disk has room for: each is its name over and over.</summary>
    private sealed class Filled : IArtifactStore
    {
        public Task<Stream?> OpenReadAsync(string sha256, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
            Task.FromResult<Stream?>(new MemoryStream([.. Enumerable.Repeat((byte)sha256[0], (int)length!.Value)]));

        public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<ArtifactProperties> ListAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
