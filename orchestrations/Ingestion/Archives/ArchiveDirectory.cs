using System.Buffers.Binary;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>
/// Checks the end of a zip before its directory is read, which the library does whole, into memory: how many entries, and how many bytes they
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

    /// <summary>How many bytes of a zip's end <see cref="Check(ReadOnlySpan{byte}, long, ArchiveLimits)"/> needs; all of it, if it has fewer.</summary>
    public const int TailLength = EndLength + MaxComment + Zip64LocatorLength + Zip64EndLength;

    /// <summary>Refuses what has too many entries, or whose directory is not where its end says.</summary>
    /// <exception cref="InvalidRequestException">A sentence why.</exception>
    public static void Check(Stream zip, ArchiveLimits limits)
    {
        var tail = new byte[(int)Math.Min(zip.Length, TailLength)];
        zip.Position = zip.Length - tail.Length;
        zip.ReadExactly(tail);
        Check(tail, zip.Length, limits);
    }

    /// <inheritdoc cref="Check(Stream, ArchiveLimits)"/>
    /// <param name="tail">Its last bytes.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="limits">How many entries it may have.</param>
    /// <returns>Where its directory begins.</returns>
    public static long Check(ReadOnlySpan<byte> tail, long length, ArchiveLimits limits)
    {
        // The last signature: the one that the library finds too. Its comment must reach to the very end, or two readers might see two archives.
        var at = LastEnd(tail);
        if (at < 0)
            throw new InvalidRequestException("It is no zip archive, or it is cut off: it has no directory at its end.");
        var end = tail[at..];
        if (EndLength + BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length)
            throw Damaged();

        var endsAt = length - tail.Length + at;
        ulong entries = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        var isWide = entries == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue;
        // Python's zipfile writes the wide end from 2 GiB on, and numbers up to 4 GiB at both places.
        if (isWide || HasZip64(tail, length, endsAt))
        {
            var wide = ReadZip64(tail, length, endsAt);
            if (!isWide && (wide.Entries, wide.Size, wide.Offset) != (entries, size, offset))
                throw Damaged();
            (entries, size, offset, endsAt) = wide;
        }

        if (entries > (ulong)limits.Entries)
            throw new InvalidRequestException($"The archive has {entries} entries; {limits.Entries} is the most.");
        if (size > (ulong)limits.Entries * MaxBytesOfEntry)
            throw new InvalidRequestException($"The archive's directory has {size} bytes, which is too much for {limits.Entries} entries.");
        if (offset > (ulong)endsAt || offset + size != (ulong)endsAt)
            throw Damaged();
        return (long)offset;
    }

    private static int LastEnd(ReadOnlySpan<byte> tail)
    {
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, EndSignature);
        return tail.Length < EndLength ? -1 : tail[..(tail.Length - EndLength + 4)].LastIndexOf(signature);
    }

    private static bool HasZip64(ReadOnlySpan<byte> tail, long length, long end) =>
        end >= Zip64LocatorLength && BinaryPrimitives.ReadUInt32LittleEndian(Part(tail, length, end - Zip64LocatorLength, Zip64LocatorLength)) == Zip64LocatorSignature;

    private static (ulong Entries, ulong Size, ulong Offset, long EndsAt) ReadZip64(ReadOnlySpan<byte> tail, long length, long end)
    {
        var locator = Part(tail, length, end - Zip64LocatorLength, Zip64LocatorLength);
        var at = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Zip64LocatorSignature || at > (ulong)(end - Zip64LocatorLength))
            throw Damaged();
        var record = Part(tail, length, (long)at, Zip64EndLength);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Zip64EndSignature)
            throw Damaged();
        return (
            BinaryPrimitives.ReadUInt64LittleEndian(record[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(record[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(record[48..]),
            (long)at);
    }

    // What comes between the directory and the end is short: the end is where all of it is.
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> tail, long length, long offset, int count)
    {
        var from = offset - (length - tail.Length);
        return from >= 0 && from + count <= tail.Length ? tail.Slice((int)from, count) : throw Damaged();
    }

    private static InvalidRequestException Damaged() => new("The archive is damaged: its directory is not where its end says.");
}
