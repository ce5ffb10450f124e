using System.Formats.Tar;
using System.IO.Compression;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>The files of a tar in gzip, which is unpacked to local disk: a tar has no directory, and its files are read in another order than it has them.</summary>
internal static class TarFiles
{
    private const int Block = 512;

    // A long name, or a list of attributes, which the library reads into memory: far more than honest ones need.
    private const int MaxHeader = 64 << 10;

    private const string Damaged = "The archive is damaged: it is no tar in gzip, or it is cut off.";

    /// <summary>Unpacks an archive and checks all its entries.</summary>
    /// <returns>Its files, and what to dispose of after them.</returns>
    /// <inheritdoc cref="ModelArchive.OpenAsync"/>
    public static async Task<(IReadOnlyList<ArchiveFile> Files, IAsyncDisposable Source)> OpenAsync(
        string path, ArchiveLimits limits, StagingArea staging, CancellationToken cancellationToken)
    {
        var rules = new ArchiveEntryRules(limits);
        StagedFile unpacked;
        await using (var packed = File.OpenRead(path))
        await using (var gzip = new GZipStream(packed, CompressionMode.Decompress))
        await using (var content = new UnpackedStream(gzip, packed.Length, rules))
            unpacked = await staging.AddAsync(content, "unpacked archive", limits.ExpandedBytes, null, cancellationToken);

        var source = new Source(unpacked, File.OpenRead(unpacked.Path));
        try
        {
            CheckHeaders(source.File, limits);
            source.File.Position = 0;
            return (await FilesAsync(source.File, rules, cancellationToken), source);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or OverflowException or ArgumentException)
        {
            await source.DisposeAsync();
            throw new InvalidRequestException(Damaged);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task<IReadOnlyList<ArchiveFile>> FilesAsync(FileStream tar, ArchiveEntryRules rules, CancellationToken cancellationToken)
    {
        var files = new List<ArchiveFile>();
        await using var reader = new TarReader(tar, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            // "tar c ." writes every name so.
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (entry.EntryType == TarEntryType.GlobalExtendedAttributes || (entry.EntryType == TarEntryType.Directory && name.Length == 0))
                continue;
            rules.Check(name, entry.EntryType);
            if (entry.EntryType == TarEntryType.Directory)
                continue;
            var length = entry.Length;
            var start = entry.DataOffset;
            if (length > 0 && start + length > tar.Length)
                throw new EndOfStreamException();
            files.Add(new ArchiveFile(name, length, () => new PartStream(tar.Name, start, length)));
        }

        return files;
    }

    // Headers by their size and type alone (POSIX.1-2024, pax): how many there are, and that none is large.
    private static void CheckHeaders(FileStream tar, ArchiveLimits limits)
    {
        var header = new byte[Block];
        var entries = 0;
        while (tar.ReadAtLeast(header, Block, throwOnEndOfStream: false) == Block && header.AsSpan().ContainsAnyExcept((byte)0))
        {
            var size = SizeOf(header.AsSpan(124, 12));
            if (header[156] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' ? size > MaxHeader : ++entries > limits.Entries)
                throw new InvalidRequestException(size > MaxHeader && entries <= limits.Entries ? Damaged : $"The archive has more than {limits.Entries} entries, which is the most.");
            if (size < 0 || size > tar.Length - tar.Position)
                throw new EndOfStreamException();
            tar.Position += (size + Block - 1) / Block * Block;
        }

        if (entries == 0)
            throw new InvalidDataException();
    }

    // Octal digits; or, for larger files, a binary number whose first bit is set.
    private static long SizeOf(ReadOnlySpan<byte> field)
    {
        var size = 0L;
        if ((field[0] & 0x80) != 0)
        {
            foreach (var digit in field[4..])
                size = (size << 8) | digit;
            return size;
        }

        foreach (var digit in field.Trim((byte)' ').Trim((byte)0).Trim((byte)' '))
            size = digit is >= (byte)'0' and <= (byte)'7' ? (size << 3) | (uint)(digit - '0') : throw new InvalidDataException();
        return size;
    }

    /// <summary>What is open as long as the archive is.</summary>
    private sealed record Source(StagedFile Unpacked, FileStream File) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await File.DisposeAsync();
            await Unpacked.DisposeAsync();
        }
    }

    /// <summary>What comes out of the gzip: ends where it is damaged, or packed too densely.</summary>
    private sealed class UnpackedStream(Stream gzip, long packed, ArchiveEntryRules rules) : ForwardStream
    {
        private long _length;

        public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var read = await gzip.ReadAsync(buffer, cancellationToken);
                _length += read;
                return rules.IsTooDense(_length, packed) ? throw rules.TooDense("tar") : read;
            }
            catch (InvalidDataException)
            {
                throw new InvalidRequestException(Damaged);
            }
        }
    }

    /// <summary>A part of a file.</summary>
    private sealed class PartStream : ForwardStream
    {
        private readonly FileStream _file;
        private long _left;

        public PartStream(string path, long start, long length)
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true) { Position = start };
            _left = length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Count(_file.Read(buffer, offset, (int)Math.Min(count, _left)));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await _file.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _file.Dispose();
            base.Dispose(disposing);
        }

        private int Count(int read)
        {
            _left -= read;
            return read;
        }
    }
}
