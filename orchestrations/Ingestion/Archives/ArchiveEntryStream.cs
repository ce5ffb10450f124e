using System.IO.Compression;
using System.IO.Hashing;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Reads a file of an archive once, and stops where it is not what the archive's directory says: length, checksum, density.</summary>
internal sealed class ArchiveEntryStream(ZipArchiveEntry entry, Stream unpacked, ArchiveEntryRules rules) : ForwardStream
{
    private readonly Crc32 checksum = new();
    private long length;
    private bool ended;

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
        length += read.Length;
        checksum.Append(read);
        if (length > entry.Length)
            throw new InvalidRequestException($"The archive's file {ArchiveEntryRules.Shown(entry.FullName)} has more than the {entry.Length} bytes that the archive says.");
        if (rules.IsTooDense(length, entry.CompressedLength))
            throw rules.TooDense(entry.FullName);
        if (read.Length == 0 && !ended)
        {
            ended = true;
            if (length != entry.Length || BitConverter.ToUInt32(checksum.GetCurrentHash()) != entry.Crc32)
                throw Damaged();
        }

        return read.Length;
    }

    private InvalidRequestException Damaged() => new($"The archive's file {ArchiveEntryRules.Shown(entry.FullName)} is damaged.");
}
