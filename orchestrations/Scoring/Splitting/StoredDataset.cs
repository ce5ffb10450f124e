using Larder.Orchestrations.Scoring.Rows;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>A data set that a job was given, in storage.</summary>
/// <param name="artifacts">Where it is.</param>
/// <param name="input">Which.</param>
/// <param name="limits">How large rows and chunks may be.</param>
internal sealed class StoredDataset(IArtifactStore artifacts, JobInput input, ScoringLimits limits)
{
    /// <summary>Beyond them, a file could not have a block for each.</summary>
    private const int MostChunks = 20_000;

    /// <summary>Reads as many bytes as a row and a byte order mark may have, or all there are.</summary>
    public async Task<ReadOnlyMemory<byte>> HeadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[Math.Min(input.SizeBytes, limits.RowBytes)];
        await ReadAsync(0, head, cancellationToken);
        return head;
    }

    /// <summary>Divides it into chunks of whole rows.</summary>
    /// <param name="format">What it is.</param>
    /// <param name="dataStart">Where the first row begins, or anything before it.</param>
    /// <param name="chunkRows">Rows of a chunk.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The chunks in order, and how many rows they have.</returns>
    /// <exception cref="InvalidRequestException">A row is too long, or a quote is not closed.</exception>
    public async Task<(IReadOnlyList<DatasetChunk> Chunks, long Rows)> SplitAsync(DatasetFormat format, long dataStart, long chunkRows, CancellationToken cancellationToken)
    {
        var splitter = new DatasetSplitter(format.Scanner(), new SplitLimits(limits.RowBytes, chunkRows, limits.ChunkBytes, input.SizeBytes / MostChunks), dataStart);
        if (dataStart < input.SizeBytes)
        {
            await using var content = await artifacts.OpenReadAsync(input.Sha256, dataStart, null, cancellationToken) ?? throw Missing();
            if (await splitter.SplitAsync(content, cancellationToken) is { } problem)
                throw new InvalidRequestException(problem);
        }

        return (splitter.Chunks, splitter.Rows);
    }

    /// <summary>Reads bytes of it.</summary>
    /// <param name="offset">From where.</param>
    /// <param name="bytes">Where to; filled to its end.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task ReadAsync(long offset, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.Length == 0)
            return;
        await using var content = await artifacts.OpenReadAsync(input.Sha256, offset, bytes.Length, cancellationToken) ?? throw Missing();
        await content.ReadExactlyAsync(bytes, cancellationToken);
    }

    private static InvalidRequestException Missing() => new("The data set is not stored any more.");
}
