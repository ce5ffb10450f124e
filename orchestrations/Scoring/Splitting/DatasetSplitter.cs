using System.Buffers;

namespace Larder.Orchestrations;

/// <summary>Divides a data set into chunks of whole rows, in one pass and in constant memory but for the list of chunks.</summary>
internal sealed class DatasetSplitter
{
    private const int BufferBytes = 1 << 18;

    private readonly IRowScanner scanner;
    private readonly SplitLimits limits;
    private readonly List<DatasetChunk> chunks = [];
    private long at;
    private long rowStart;
    private long chunkStart;
    private long rows;
    private long chunkFirst = 1;

    /// <summary>Makes one.</summary>
    /// <param name="scanner">Finds the rows.</param>
    /// <param name="limits">How large rows and chunks may be.</param>
    /// <param name="offset">Where the bytes that it will be given begin in the data set.</param>
    public DatasetSplitter(IRowScanner scanner, SplitLimits limits, long offset)
    {
        (this.scanner, this.limits) = (scanner, limits);
        at = chunkStart = rowStart = offset;
    }

    /// <summary>The chunks, in order.</summary>
    public IReadOnlyList<DatasetChunk> Chunks => chunks;

    /// <summary>The rows.</summary>
    public long Rows => rows;

    /// <summary>Splits all that a stream has.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public async Task<string?> SplitAsync(Stream content, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellation) is > 0 and var read)
            {
                if (!TryAdd(buffer.AsSpan(0, read)))
                    return TooLong(rows + 1, rowStart, limits);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (scanner.IsInRow)
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
            var (passed, edge) = scanner.Next(bytes);
            bytes = bytes[passed..];
            at += passed;
            if (edge == RowEdge.Start)
                rowStart = at;
            else if (edge == RowEdge.End && at - rowStart <= limits.RowBytes)
                EndRow();
            else if (scanner.IsInRow || edge == RowEdge.End)
            {
                if (at - rowStart > limits.RowBytes)
                    return false;
            }
        }

        return true;
    }

    private void EndRow()
    {
        rows++;
        var bytes = at - chunkStart;
        if ((rows - chunkFirst + 1 >= limits.ChunkRows && bytes >= limits.LeastChunkBytes) || bytes >= limits.ChunkBytes)
            EndChunk();
    }

    private void EndChunk()
    {
        if (rows >= chunkFirst)
            chunks.Add(new DatasetChunk(chunkStart, at - chunkStart, chunkFirst, rows - chunkFirst + 1));
        (chunkStart, chunkFirst) = (at, rows + 1);
    }
}
