using System.Buffers.Binary;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>
/// Looks at the end of a zip before anybody reads its directory, which the library does whole, into memory: how many entries, and how many bytes they
/// take. Layout: PKWARE's APPNOTE.TXT, sections 4.3.14 to 4.3.16.
/// </summary>
internal static class ArchiveDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint Zip64LocatorSignature = 0x07064b50;
    private const uint Zip64EndSignature = 0x06064b50;
    private const int EndLength = 22;
    private const int Zip64LocatorLength = 20;
    private const int Zip64EndLength = 56;
    private const int MaxComment = ushort.MaxValue;

    // A header has 46 bytes, then name, extra fields and comment: far more than honest ones need.
    private const int MaxBytesOfEntry = 2048;

    /// <summary>Refuses what has too many entries, or whose directory is not where its end says.</summary>
    /// <exception cref="InvalidRequestException">A sentence why.</exception>
    public static void Check(Stream zip, ArchiveLimits limits)
    {
        var tail = new byte[(int)Math.Min(zip.Length, EndLength + MaxComment)];
        ReadAt(zip, zip.Length - tail.Length, tail);

        // The last signature: the one that the library finds too. Its comment must reach to the very end, or two readers might see two archives.
        var at = LastEnd(tail);
        if (at < 0)
            throw new InvalidRequestException("It is no zip archive, or it is cut off: it has no directory at its end.");
        var end = tail.AsSpan(at);
        if (EndLength + BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length)
            throw Damaged();

        var endsAt = zip.Length - tail.Length + at;
        ulong entries = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (entries == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue)
            (entries, size, offset, endsAt) = ReadZip64(zip, endsAt);

        if (entries > (ulong)limits.Entries)
            throw new InvalidRequestException($"The archive has {entries} entries; {limits.Entries} is the most.");
        if (size > (ulong)limits.Entries * MaxBytesOfEntry)
            throw new InvalidRequestException($"The archive's directory has {size} bytes, which is too much for {limits.Entries} entries.");
        if (offset > (ulong)endsAt || offset + size != (ulong)endsAt)
            throw Damaged();
    }

    private static int LastEnd(ReadOnlySpan<byte> tail)
    {
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, EndSignature);
        return tail.Length < EndLength ? -1 : tail[..(tail.Length - EndLength + 4)].LastIndexOf(signature);
    }

    private static (ulong Entries, ulong Size, ulong Offset, long EndsAt) ReadZip64(Stream zip, long end)
    {
        var locator = new byte[Zip64LocatorLength];
        ReadAt(zip, end - Zip64LocatorLength, locator);
        var at = BinaryPrimitives.ReadUInt64LittleEndian(locator.AsSpan(8));
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Zip64LocatorSignature || at > (ulong)(end - Zip64LocatorLength))
            throw Damaged();
        var record = new byte[Zip64EndLength];
        ReadAt(zip, (long)at, record);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Zip64EndSignature)
            throw Damaged();
        return (
            BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(32)),
            BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(40)),
            BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(48)),
            (long)at);
    }

    private static void ReadAt(Stream zip, long offset, Span<byte> buffer)
    {
        if (offset < 0)
            throw Damaged();
        zip.Position = offset;
        if (zip.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw Damaged();
    }

    private static InvalidRequestException Damaged() => new("The archive is damaged: its directory is not where its end says.");
}
