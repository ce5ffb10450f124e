using System.Buffers;
using Larder.Inference;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;

namespace Larder.Orchestrations.Scoring.Rows;

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

    private readonly ArrayBufferWriter<byte> _kept = new(1 << 12);
    private readonly List<int> _keptEnds = [];
    private readonly List<(int Place, string? Error)> _block = [];
    private readonly ClassLabels? _labels = plan.LabelsOf(model);

    // One for each output, and the last for the names of the classes.
    private readonly RowTexts[] _texts = [.. Enumerable.Range(0, plan.Outputs.Count + (plan.LabelColumn is null ? 0 : 1)).Select(_ => new RowTexts())];

    /// <summary>The outcome.</summary>
    /// <param name="Rows">Rows that were read.</param>
    /// <param name="Errors">Those of them that could not be scored.</param>
    /// <param name="FirstErrorRow">The first of them, from 0.</param>
    /// <param name="FirstError">Why it could not.</param>
    public sealed record Result(long Rows, long Errors, long FirstErrorRow, string? FirstError);

    /// <summary>Scores.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="mostErrors">With more errors than this it stops; what it has stored is then not whole.</param>
    /// <param name="cancellationToken">Stops it between batches.</param>
    /// <exception cref="RunTimeoutException">A run took too long.</exception>
    public async Task<Result> ScoreAsync(IDataRows rows, long mostErrors, CancellationToken cancellationToken)
    {
        var (read, errors, firstRow, first) = (0L, 0L, 0L, (string?)null);
        using var batch = plan.Batch(model);
        await using var parts = new ResultParts(store);
        while (Fill(batch, rows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await RunAsync(batch, cancellationToken);
            for (var i = 0; i < _block.Count; i++, read++)
            {
                var error = _block[i].Error ?? ErrorOf(_block[i].Place);
                if (error is not null && errors++ == 0)
                    (firstRow, first) = (read, error);
                await parts.MakeRoomAsync();
                writer.WriteRow(_kept.WrittenSpan[(i == 0 ? 0 : _keptEnds[i - 1]).._keptEnds[i]], _texts, _block[i].Place, error, parts.Part);
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
        _block.Clear();
        _kept.ResetWrittenCount();
        _keptEnds.Clear();
        while (_block.Count < batch.Capacity && _kept.WrittenCount < MostKeptBytes && rows.Next())
        {
            rows.Keep(_kept);
            _keptEnds.Add(_kept.WrittenCount);
            var error = rows.Feed(batch);
            if (error is null)
                batch.EndRow();
            else
                batch.DropRow();
            _block.Add((batch.Count - 1, error));
        }

        return _block.Count > 0;
    }

    private string? ErrorOf(int place)
    {
        foreach (var text in _texts)
        {
            if (text.ErrorOf(place) is { } error)
                return error;
        }

        return null;
    }

    private async Task RunAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        foreach (var text in _texts)
            text.Clear();
        if (batch.Count == 0)
            return;
        try
        {
            using var outputs = await batch.RunAsync(cancellationToken);
            if (outputs.HasRows(batch.Count))
            {
                Write(outputs, batch, batch.Count);
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
                using var outputs = await batch.RunRowAsync(row, cancellationToken);
                Write(outputs, batch, 1);
            }
            catch (InvalidInputException e)
            {
                foreach (var text in _texts)
                    text.FailRow(e.Message);
            }
        }
    }

    private void Write(PredictionOutputs outputs, RowBatch batch, int rows)
    {
        // Before any of the texts has a row more than the others.
        outputs.Check();
        for (var i = 0; i < plan.Outputs.Count; i++)
        {
            var column = plan.Outputs[i];
            if (plan.IsCsv)
                outputs.WriteFields(column.Output, rows, column.Layout, (byte)plan.Delimiter, _texts[i]);
            else
                outputs.WriteJson(column.Output, rows, batch.HasBatch, _texts[i]);
        }

        if (_labels is not null)
            outputs.WriteLabels(_labels, rows, plan.IsCsv ? (byte)plan.Delimiter : null, _texts[^1]);
    }
}
