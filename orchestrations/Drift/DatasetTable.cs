using System.Buffers;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Drift;

/// <summary>A stored data set whose columns can be read again and again, a chunk in memory at a time.</summary>
internal sealed class DatasetTable
{
    private readonly StoredDataset _dataset;
    private readonly DatasetFormat _format;
    private readonly IReadOnlyList<DatasetChunk> _chunks;

    private DatasetTable(StoredDataset dataset, DatasetFormat format, IReadOnlyList<string> columns, IReadOnlyList<DatasetChunk> chunks, long rows) =>
        (_dataset, _format, Columns, _chunks, Rows) = (dataset, format, columns, chunks, rows);

    /// <summary>The names of its columns, in order; of JSON, the members of the first row.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>How many rows it has.</summary>
    public long Rows { get; }

    /// <summary>Reads its header, and finds its rows.</summary>
    /// <param name="artifacts">Where it is.</param>
    /// <param name="input">Which.</param>
    /// <param name="options">What it is, where its name does not say so.</param>
    /// <param name="limits">How large it may be.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It cannot be read, or has no rows.</exception>
    public static async Task<DatasetTable> OpenAsync(IArtifactStore artifacts, JobInput input, DriftOptions options, ScoringLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            var format = DatasetFormat.Of(input.FileName, options.Format, options.Delimiter);
            var dataset = new StoredDataset(artifacts, input, limits);
            var (columns, start) = DatasetHead.Read(await dataset.HeadAsync(cancellationToken), input.SizeBytes, format, limits);
            var (chunks, rows) = await dataset.SplitAsync(format, start, long.MaxValue, cancellationToken);
            return rows > 0
                ? new DatasetTable(dataset, format, [.. columns.Select(column => column.Name)], chunks, rows)
                : throw new InvalidRequestException("It has no rows.");
        }
        catch (InvalidRequestException e)
        {
            throw new InvalidRequestException($"The {input.Name}, {Quoted.Text(input.FileName)}: {e.Message}");
        }
    }

    /// <summary>Reads columns of all rows.</summary>
    /// <param name="columns">Which.</param>
    /// <param name="take">Takes a row that can be read.</param>
    /// <param name="told">Told, after each chunk, how many rows were read.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>How many rows could be read.</returns>
    public async Task<long> ReadAsync(IReadOnlyList<string> columns, Action<IRowCells> take, Func<long, Task> told, CancellationToken cancellationToken)
    {
        var (read, readable) = (0L, 0L);
        var placeOf = Columns.Index().GroupBy(column => column.Item).ToDictionary(group => group.Key, group => group.First().Index, StringComparer.Ordinal);
        var places = columns.Select(column => placeOf[column]).ToArray();
        foreach (var chunk in _chunks)
        {
            // Behind a blank line, so that the first row cannot be taken for a byte order mark.
            var bytes = ArrayPool<byte>.Shared.Rent((int)chunk.Length + 1);
            try
            {
                bytes[0] = (byte)'\n';
                await _dataset.ReadAsync(chunk.Offset, bytes.AsMemory(1, (int)chunk.Length), cancellationToken);
                var rows = bytes.AsMemory(0, (int)chunk.Length + 1);
                using IRowCells cells = _format.IsCsv ? new CsvCells(rows, _format.Delimiter, Columns.Count, places) : new JsonCells(rows, columns);
                for (; cells.Next(); read++)
                {
                    if (!cells.IsReadable)
                        continue;
                    take(cells);
                    readable++;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }

            await told(read);
        }

        return readable;
    }
}
