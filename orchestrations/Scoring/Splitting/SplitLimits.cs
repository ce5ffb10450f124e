namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>How large rows and chunks may be.</summary>
/// <param name="RowBytes">Bytes of a row; a longer one is an error.</param>
/// <param name="ChunkRows">Rows of a chunk.</param>
/// <param name="ChunkBytes">Bytes from which a chunk ends with its row, however few rows it has.</param>
/// <param name="LeastChunkBytes">Bytes below which it does not end, however many: so that there are not too many chunks.</param>
internal sealed record SplitLimits(long RowBytes, long ChunkRows, long ChunkBytes, long LeastChunkBytes);
