using System.Text;
using Larder.Inference.Sessions;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Functions.Http;

/// <summary>
/// A zip of artifacts that is never made as a whole: its files are stored and not packed, and their sizes and checksums are known, so that its length is known and any part of it can be sent alone.
/// The library writes zips from their start to their end only. Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.16.
/// </summary>
internal sealed class StoredZip
{
    private const ushort Version = 20;
    private const ushort Zip64Version = 45;
    private const ushort Unix = 3 << 8;
    private const uint RegularFile = 0x81A4u << 16;
    private const ushort NamesAreUtf8 = 1 << 11;

    // 1 January 1980: the same files make the same bytes.
    private const ushort Date = (1 << 5) | 1;

    private readonly List<Part> _parts = [];

    /// <summary>The zip of these files, in their order.</summary>
    public StoredZip(IReadOnlyList<ModelFile> files)
    {
        using var directory = new MemoryStream();
        using var central = new BinaryWriter(directory);
        foreach (var file in files)
        {
            var name = Encoding.UTF8.GetBytes(file.Name);
            var offset = Length;
            Add(LocalHeader(file, name));
            _parts.Add(new Part(Length, file.SizeBytes, null, file.Sha256));
            Length += file.SizeBytes;
            WriteCentralHeader(central, file, name, offset);
        }

        var start = Length;
        Add(directory.ToArray());
        Add(End(files.Count, start, directory.Length));
    }

    /// <summary>Its size in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Opens a part of it, to read once.</summary>
    /// <param name="artifacts">Where the files are.</param>
    /// <param name="offset">Its first byte.</param>
    /// <param name="length">How many bytes; null for all that follow.</param>
    public Stream Open(IArtifactStore artifacts, long offset, long? length) => new PartsStream(_parts, artifacts, offset, offset + (length ?? Length - offset));

    private void Add(byte[] bytes)
    {
        _parts.Add(new Part(Length, bytes.Length, bytes, null));
        Length += bytes.Length;
    }

    private static uint Clipped(long number) => (uint)Math.Min(number, uint.MaxValue);

    private static byte[] LocalHeader(ModelFile file, byte[] name)
    {
        var isLarge = file.SizeBytes >= uint.MaxValue;
        using var bytes = new MemoryStream();
        using var header = new BinaryWriter(bytes);
        header.Write(0x04034b50u);
        WriteCommon(header, file, isLarge);
        header.Write((ushort)name.Length);
        header.Write((ushort)(isLarge ? 20 : 0));
        header.Write(name);
        if (isLarge)
            WriteZip64(header, [file.SizeBytes, file.SizeBytes]);
        return bytes.ToArray();
    }

    private static void WriteCentralHeader(BinaryWriter header, ModelFile file, byte[] name, long offset)
    {
        var isLarge = file.SizeBytes >= uint.MaxValue;
        long[] large = [.. isLarge ? [file.SizeBytes, file.SizeBytes] : Array.Empty<long>(), .. offset >= uint.MaxValue ? [offset] : Array.Empty<long>()];
        header.Write(0x02014b50u);
        header.Write((ushort)(Unix | Zip64Version));
        WriteCommon(header, file, large.Length > 0);
        header.Write((ushort)name.Length);
        header.Write((ushort)(large.Length == 0 ? 0 : 4 + (8 * large.Length)));
        header.Write((ushort)0); // Comment.
        header.Write((ushort)0); // Disk.
        header.Write((ushort)0); // Internal attributes.
        header.Write(RegularFile);
        header.Write(Clipped(offset));
        header.Write(name);
        if (large.Length > 0)
            WriteZip64(header, large);
    }

    private static void WriteCommon(BinaryWriter header, ModelFile file, bool isLarge)
    {
        header.Write(isLarge ? Zip64Version : Version);
        header.Write(NamesAreUtf8);
        header.Write((ushort)0); // Stored.
        header.Write((ushort)0); // Midnight.
        header.Write(Date);
        header.Write(file.Crc32);
        header.Write(Clipped(file.SizeBytes));
        header.Write(Clipped(file.SizeBytes));
    }

    private static void WriteZip64(BinaryWriter header, long[] numbers)
    {
        header.Write((ushort)1);
        header.Write((ushort)(8 * numbers.Length));
        foreach (var number in numbers)
            header.Write(number);
    }

    private static byte[] End(int entries, long start, long size)
    {
        using var bytes = new MemoryStream();
        using var end = new BinaryWriter(bytes);
        if (start + size >= uint.MaxValue)
        {
            end.Write(0x06064b50u);
            end.Write(44L); // Bytes of this record that follow.
            end.Write((ushort)(Unix | Zip64Version));
            end.Write(Zip64Version);
            end.Write(0L); // Disks.
            end.Write((long)entries);
            end.Write((long)entries);
            end.Write(size);
            end.Write(start);
            end.Write(0x07064b50u);
            end.Write(0u);
            end.Write(start + size);
            end.Write(1u);
        }

        end.Write(0x06054b50u);
        end.Write(0u); // Disks.
        end.Write((ushort)entries);
        end.Write((ushort)entries);
        end.Write(Clipped(size));
        end.Write(Clipped(start));
        end.Write((ushort)0); // Comment.
        return bytes.ToArray();
    }

    private sealed record Part(long Start, long Length, byte[]? Bytes, string? Sha256)
    {
        public async Task<Stream> OpenAsync(IArtifactStore artifacts, long offset, long length, CancellationToken cancellationToken) => Bytes is not null
            ? new MemoryStream(Bytes, (int)offset, (int)length)
            : await artifacts.OpenReadAsync(Sha256!, offset, length, cancellationToken) ?? throw new StorageUnavailableException($"The artifact {Sha256} is missing in storage.");
    }

    private sealed class PartsStream(List<Part> parts, IArtifactStore artifacts, long position, long end) : ForwardStream
    {
        private Stream? _current;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Answers are sent asynchronously.");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (position < end)
            {
                if (_current is null)
                {
                    var part = parts.Last(part => part.Start <= position && part.Length > 0);
                    var from = position - part.Start;
                    _current = await part.OpenAsync(artifacts, from, Math.Min(part.Length, end - part.Start) - from, cancellationToken);
                }

                if (await _current.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    position += read;
                    return read;
                }

                await _current.DisposeAsync();
                _current = null;
                if (!parts.Exists(part => part.Start == position))
                    throw new StorageUnavailableException("An artifact is shorter in storage than its version says.");
            }

            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _current?.Dispose();
            base.Dispose(disposing);
        }
    }
}
