using System.Buffers;
using System.Buffers.Binary;

namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>Divides a data set into chunks of whole rows, in one pass and in constant memory but for the list of chunks.</summary>
internal sealed class DatasetSplitter
{
    private const int BufferBytes = 1 << 18;

    private readonly IRowScanner _scanner;
    private readonly SplitLimits _limits;
    private readonly List<DatasetChunk> _chunks = [];
    private long _at;
    private long _rowStart;
    private long _chunkStart;
    private long _rows;
    private long _chunkFirst = 1;

    /// <summary>Makes one.</summary>
    /// <param name="scanner">Finds the rows.</param>
    /// <param name="limits">How large rows and chunks may be.</param>
    /// <param name="offset">Where the bytes that it will be given begin in the data set.</param>
    public DatasetSplitter(IRowScanner scanner, SplitLimits limits, long offset)
    {
        (_scanner, _limits) = (scanner, limits);
        _at = _chunkStart = _rowStart = offset;
    }

    /// <summary>The chunks, in order.</summary>
    public IReadOnlyList<DatasetChunk> Chunks => _chunks;

    /// <summary>The rows.</summary>
    public long Rows => _rows;

    /// <summary>Splits all that a stream has.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public async Task<string?> SplitAsync(Stream content, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken) is > 0 and var read)
            {
                if (!TryAdd(buffer.AsSpan(0, read)))
                    return TooLong();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_scanner.IsInQuotes)
            return FormattableString.Invariant($"Row {_rows + 1}, at byte {_rowStart}, {NotClosed(_scanner)}");
        if (_scanner.IsInRow)
            EndRow();
        EndChunk();
        return null;
    }

    /// <summary>What is said of a row whose quote is not closed, behind the row's name.</summary>
    public static string NotClosed(IRowScanner scanner) => FormattableString.Invariant(
        $"opens a quote that is not closed: {MessageFormat.Count(scanner.QuotedLines, "line")} behind it {(scanner.QuotedLines == 1 ? "was" : "were")} taken for a part of that field.");

    private string TooLong()
    {
        var why = _scanner.IsInQuotes ? $" It {NotClosed(_scanner)}" : " Are the line ends missing?";
        return FormattableString.Invariant($"Row {_rows + 1}, at byte {_rowStart}, is longer than {_limits.RowBytes} bytes (Limits:Scoring:RowBytes).") + why;
    }

    private bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var (passed, edge) = _scanner.Next(bytes);
            bytes = bytes[passed..];
            _at += passed;
            if (edge == RowEdge.Start)
                _rowStart = _at;
            else if (edge == RowEdge.End && _at - _rowStart <= _limits.RowBytes)
                EndRow();
            else if (_scanner.IsInRow || edge == RowEdge.End)
            {
                if (_at - _rowStart > _limits.RowBytes)
                    return false;
            }
        }

        return true;
    }

    private void EndRow()
    {
        _rows++;
        var bytes = _at - _chunkStart;
        if ((_rows - _chunkFirst + 1 >= _limits.ChunkRows && bytes >= _limits.LeastChunkBytes) || bytes >= _limits.ChunkBytes)
            EndChunk();
    }

    private void EndChunk()
    {
        if (_rows >= _chunkFirst)
            _chunks.Add(new DatasetChunk(_chunkStart, _at - _chunkStart, _chunkFirst, _rows - _chunkFirst + 1));
        (_chunkStart, _chunkFirst) = (_at, _rows + 1);
    }
}

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

/// <summary>How large rows and chunks may be.</summary>
/// <param name="RowBytes">Bytes of a row; a longer one is an error.</param>
/// <param name="ChunkRows">Rows of a chunk.</param>
/// <param name="ChunkBytes">Bytes from which a chunk ends with its row, however few rows it has.</param>
/// <param name="LeastChunkBytes">Bytes below which it does not end, however many: so that there are not too many chunks.</param>
internal sealed record SplitLimits(long RowBytes, long ChunkRows, long ChunkBytes, long LeastChunkBytes);
