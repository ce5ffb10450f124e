using System.IO.Compression;
using System.IO.Hashing;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>Reads a file of an archive once, and stops where it is not what the archive's directory says: length, checksum, density.</summary>
internal sealed class ArchiveEntryStream(ZipArchiveEntry entry, Stream unpacked, ArchiveEntryRules rules) : ForwardStream
{
    private readonly Crc32 _checksum = new();
    private long _length;
    private bool _ended;

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return Counted(buffer.AsSpan(offset, count)[..unpacked.Read(buffer, offset, count)]);
        }
        catch (InvalidDataException)
        {
            throw Damaged();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        try
        {
            var read = await unpacked.ReadAsync(buffer, cancellationToken);
            return Counted(buffer.Span[..read]);
        }
        catch (InvalidDataException)
        {
            throw Damaged();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            unpacked.Dispose();
        base.Dispose(disposing);
    }

    private int Counted(ReadOnlySpan<byte> read)
    {
        _length += read.Length;
        _checksum.Append(read);
        if (_length > entry.Length)
            throw new InvalidRequestException($"The archive's file {ArchiveEntryRules.Shown(entry.FullName)} has more than the {entry.Length} bytes that the archive says.");
        if (rules.IsTooDense(_length, entry.CompressedLength))
            throw rules.TooDense(entry.FullName);
        if (read.Length == 0 && !_ended)
        {
            _ended = true;
            if (_length != entry.Length || BitConverter.ToUInt32(_checksum.GetCurrentHash()) != entry.Crc32)
                throw Damaged();
        }

        return read.Length;
    }

    private InvalidRequestException Damaged() => new($"The archive's file {ArchiveEntryRules.Shown(entry.FullName)} is damaged.");
}
