using System.Buffers;

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
                    return TooLong(_rows + 1, _rowStart, _limits);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_scanner.IsInRow)
            EndRow();
        EndChunk();
        return null;
    }

    /// <summary>What is said of a row that is too long.</summary>
    public static string TooLong(long row, long offset, SplitLimits limits) => FormattableString.Invariant(
        $"Row {row}, at byte {offset}, is longer than {limits.RowBytes} bytes (Limits:Scoring:RowBytes). Is a quote not closed, or are the line ends missing?");

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
