using System.Buffers.Binary;

namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>A part of a data set: whole rows.</summary>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="FirstRow">Number of its first row, from 1; a header has none.</param>
/// <param name="Rows">Its rows.</param>
internal readonly record struct DatasetChunk(long Offset, long Length, long FirstRow, long Rows)
{
    /// <summary>Bytes of a chunk in the file that lists them.</summary>
    public const int Size = 4 * sizeof(long);

    public static DatasetChunk Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], FirstRow);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], Rows);
    }
}
