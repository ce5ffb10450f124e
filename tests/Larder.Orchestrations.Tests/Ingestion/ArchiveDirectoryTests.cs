using System.Buffers.Binary;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Tests.Ingestion;

/// <summary>The end of zips that are too large to be made in a test: their last bytes, as different writers make them.</summary>
public sealed class ArchiveDirectoryTests
{
    private const int Size = 130;
    private static readonly ArchiveLimits Limits = new();

    [Theory]
    [InlineData(1_000L, false, false)]
    [InlineData(2_355_200_000L, false, false)]
    // Python's zipfile: the wide end is there from 2 GiB on, and the other one has the same numbers up to 4 GiB.
    [InlineData(2_355_200_000L, true, false)]
    [InlineData(5_000_000_000L, true, true)]
    public void A_directory_is_where_its_end_says(long offset, bool hasWide, bool isWide) =>
        Assert.Equal(offset, ArchiveDirectory.Check(Tail(offset, hasWide, isWide, wideOffset: offset), Length(offset, hasWide), Limits));

    [Fact]
    public void Ends_that_say_different_things_are_refused()
    {
        const long Offset = 2_355_200_000;

        Assert.Throws<InvalidRequestException>(() => ArchiveDirectory.Check(Tail(Offset, hasWide: true, isWide: false, wideOffset: Offset - 1), Length(Offset, hasWide: true), Limits));
        Assert.Throws<InvalidRequestException>(() => ArchiveDirectory.Check(Tail(Offset, hasWide: true, isWide: false, wideOffset: Offset), Length(Offset, hasWide: true) + 1, Limits));
    }

    private static long Length(long offset, bool hasWide) => offset + Tail(offset, hasWide, isWide: false, offset).Length;

    // The directory, the wide end with its locator, and the end.
    private static byte[] Tail(long offset, bool hasWide, bool isWide, long wideOffset)
    {
        var tail = new byte[Size + (hasWide ? 56 + 20 : 0) + 22];
        var place = tail.AsSpan(Size);
        if (hasWide)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(place, 0x06064b50);
            BinaryPrimitives.WriteInt64LittleEndian(place[4..], 44);
            BinaryPrimitives.WriteInt64LittleEndian(place[24..], 2);
            BinaryPrimitives.WriteInt64LittleEndian(place[32..], 2);
            BinaryPrimitives.WriteInt64LittleEndian(place[40..], Size);
            BinaryPrimitives.WriteInt64LittleEndian(place[48..], wideOffset);
            place = place[56..];
            BinaryPrimitives.WriteUInt32LittleEndian(place, 0x07064b50);
            BinaryPrimitives.WriteInt64LittleEndian(place[8..], offset + Size);
            BinaryPrimitives.WriteInt32LittleEndian(place[16..], 1);
            place = place[20..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(place, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(place[8..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(place[10..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(place[12..], Size);
        BinaryPrimitives.WriteUInt32LittleEndian(place[16..], isWide ? uint.MaxValue : (uint)offset);
        return tail;
    }
}
