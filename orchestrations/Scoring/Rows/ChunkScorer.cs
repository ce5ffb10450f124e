using System.Buffers;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>
/// Scores the rows of a chunk in batches, and gives the result in parts. The same chunk gives the same bytes in the same parts: batches and parts depend
/// on nothing but its rows.
/// </summary>
/// <param name="plan">How.</param>
/// <param name="model">The model, leased.</param>
/// <param name="writer">Writes the rows of the result.</param>
/// <param name="store">Takes a part: its bytes, and whether it is the last.</param>
internal sealed class ChunkScorer(ScoringPlan plan, LoadedModel model, ResultWriter writer, Func<ReadOnlyMemory<byte>, bool, Task> store)
{
    private const int MostKeptBytes = 4 << 20;

    private readonly ArrayBufferWriter<byte> kept = new(1 << 12);
    private readonly List<int> keptEnds = [];
    private readonly List<(int Place, string? Error)> block = [];
    private readonly RowTexts[] texts = [.. plan.Outputs.Select(_ => new RowTexts())];

    /// <summary>What came of it.</summary>
    /// <param name="Rows">Rows that were read.</param>
    /// <param name="Errors">Those of them that could not be scored.</param>
    /// <param name="FirstErrorRow">The first of them, from 0.</param>
    /// <param name="FirstError">Why it could not.</param>
    public sealed record Result(long Rows, long Errors, long FirstErrorRow, string? FirstError);

    /// <summary>Scores.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="mostErrors">With more errors than this it stops; what it has stored is then not whole.</param>
    /// <param name="cancellation">Stops it between batches.</param>
    /// <exception cref="RunTimeoutException">A run took too long.</exception>
    public async Task<Result> ScoreAsync(IDataRows rows, long mostErrors, CancellationToken cancellation)
    {
        var (read, errors, firstRow, first) = (0L, 0L, 0L, (string?)null);
        using var batch = plan.Batch(model);
        await using var parts = new ResultParts(store);
        while (Fill(batch, rows))
        {
            cancellation.ThrowIfCancellationRequested();
            await RunAsync(batch, cancellation);
            for (var i = 0; i < block.Count; i++, read++)
            {
                var error = block[i].Error ?? ErrorOf(block[i].Place);
                if (error is not null && errors++ == 0)
                    (firstRow, first) = (read, error);
                await parts.MakeRoomAsync();
                writer.WriteRow(kept.WrittenSpan[(i == 0 ? 0 : keptEnds[i - 1])..keptEnds[i]], texts, block[i].Place, error, parts.Part);
            }

            if (errors > mostErrors)
                return new Result(read, errors, firstRow, first);
        }

        await parts.FinishAsync();
        return new Result(read, errors, firstRow, first);
    }

    private bool Fill(RowBatch batch, IDataRows rows)
    {
        batch.Clear();
        block.Clear();
        kept.ResetWrittenCount();
        keptEnds.Clear();
        while (block.Count < batch.Capacity && kept.WrittenCount < MostKeptBytes && rows.Next())
        {
            rows.Keep(kept);
            keptEnds.Add(kept.WrittenCount);
            var error = rows.Feed(batch);
            if (error is null)
                batch.EndRow();
            else
                batch.DropRow();
            block.Add((batch.Count - 1, error));
        }

        return block.Count > 0;
    }

    private string? ErrorOf(int place)
    {
        foreach (var text in texts)
        {
            if (text.ErrorOf(place) is { } error)
                return error;
        }

        return null;
    }

    private async Task RunAsync(RowBatch batch, CancellationToken cancellation)
    {
        foreach (var text in texts)
            text.Clear();
        if (batch.Count == 0)
            return;
        try
        {
            using var outputs = await batch.RunAsync(cancellation);
            if (outputs.HasRows(batch.Count))
            {
                Write(outputs, batch.Count);
                return;
            }
        }
        catch (InvalidInputException)
        {
            // Some of them, or one: the others must not suffer for it.
        }

        for (var row = 0; row < batch.Count; row++)
        {
            try
            {
                using var outputs = await batch.RunRowAsync(row, cancellation);
                Write(outputs, 1);
            }
            catch (InvalidInputException e)
            {
                foreach (var text in texts)
                    text.FailRow(e.Message);
            }
        }
    }

    private void Write(PredictionOutputs outputs, int rows)
    {
        // Before any of the texts has a row more than the others.
        outputs.Check();
        for (var i = 0; i < texts.Length; i++)
        {
            var column = plan.Outputs[i];
            if (plan.IsCsv)
                outputs.WriteFields(column.Output, rows, column.Layout, (byte)plan.Delimiter, texts[i]);
            else
                outputs.WriteJson(column.Output, rows, texts[i]);
        }
    }
}
