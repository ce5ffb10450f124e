using System.Text.Json;
using Larder.Inference.Batching;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Rows;

/// <summary>
/// Collects rows of a data set and runs them together. A row begins with its first value and ends with <see cref="EndRow"/>;
/// <see cref="DropRow"/> removes a row that turns out to be invalid. Dispose it before the lease of the model. Not thread-safe.
/// </summary>
public sealed class RowBatch : IDisposable
{
    /// <summary>The most rows of a run.</summary>
    public const int MostRows = 1024;

    /// <summary>The most bytes of the tensors of a run, unless one row has more.</summary>
    public const long MostBytes = 16 << 20;

    private readonly LoadedModel _model;
    private readonly PredictionInputs _inputs;
    private readonly PredictionInputs _row;
    private readonly long[][] _shapes;
    private readonly TensorMark[] _marks;
    private readonly bool _together;
    private readonly FeatureColumns? _features;

    /// <param name="model">The model. Rows run together only if its signature, its validation or its settings allow it; otherwise one at a time.</param>
    /// <param name="widths">For each input the number of values in a row; -1 where whole values come (<see cref="AddValue"/>).</param>
    /// <param name="features">The names of the columns, if the model has any.</param>
    public RowBatch(LoadedModel model, IReadOnlyList<int> widths, FeatureColumns? features = null)
    {
        _model = model;
        _features = features;
        var inputs = model.Signature.Inputs;
        _shapes = [.. inputs.Select((input, i) => RowShape.Of(input, widths[i]))];
        _marks = new TensorMark[inputs.Count];
        HasBatch = BatchRules.HasBatch(model.Model);
        _together = BatchRules.Suits(model.Model) && inputs.Select((input, i) => widths[i] >= 0 || RowShape.WidthOf(input) >= 0).All(known => known);
        var bytes = inputs.Select((input, i) => Math.Max(1, _shapes[i].Aggregate(1L, (size, length) => size * Math.Max(1, length)) * Math.Max(16, input.Datatype!.Value.Size()))).Sum();
        Capacity = _together ? (int)Math.Clamp(MostBytes / bytes, 1, MostRows) : 1;
        _inputs = model.RentInputs();
        _row = model.RentInputs();
    }

    /// <summary>Whether the first dimension of the outputs counts the rows: validation, or the owner, has found it so.</summary>
    public bool HasBatch { get; }

    /// <summary>Most rows of one run.</summary>
    public int Capacity { get; }

    /// <summary>Number of complete rows.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one element of the row's value of an input, as a text has it: a number, <c>true</c> or <c>false</c> (or 1 and 0), or the text itself.</summary>
    /// <param name="input">Index of the input.</param>
    /// <param name="column">Its place in the row.</param>
    /// <param name="text">Valid UTF-8. Empty, and names of NaN and infinities, as <see cref="MissingValues"/> has them; an empty text of a BYTES input is one, unless its feature has a default.</param>
    /// <returns>An error message; null if the value is valid.</returns>
    public string? AddText(int input, int column, ReadOnlySpan<byte> text) => _inputs.AddText(input, column, text, _features);

    /// <summary>Adds what stands for a missing element of the row's value of an input.</summary>
    /// <returns>An error message; null if there is something.</returns>
    public string? AddMissing(int input, int column)
    {
        var tensor = _inputs[input];
        var error = tensor.IsText
            ? tensor.TryAppendDefault(_features, column)
            : MissingValues.Write(double.NaN, tensor.Datatype, _model.Model.TakesMissing, _features, column, tensor.Next(tensor.Datatype.Size()));
        return error == ElementError.None ? null : $"it is null, {MissingValues.Hint(tensor.Datatype)}";
    }

    /// <summary>Adds the row's value of an input whole, as the nested lists of a prediction's <c>values</c> (<see cref="PredictionInputs.Read"/>).</summary>
    /// <param name="input">Index of the input.</param>
    /// <param name="json">The value.</param>
    /// <param name="depth">Deepest nesting that it may have.</param>
    /// <returns>An error message; null if the value is valid.</returns>
    public string? AddValue(int input, ReadOnlySpan<byte> json, int depth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = depth });
        var value = _row[input];
        try
        {
            reader.Read();
            _row.ReadInput(input, ref reader, _features);
        }
        catch (InvalidInputException e)
        {
            return e.Message;
        }

        if (value.Signature.HasVariableBatch && value.Shape[0] != 1)
            return InputError.Got(value.Signature, $"{InputError.Count(value.Shape[0], "row")} in one").Message;
        if (!_together)
            value.Shape.CopyTo(_shapes[input]);
        _inputs[input].AppendRows(value);
        return null;
    }

    /// <summary>Ends the row that was added.</summary>
    public void EndRow()
    {
        Count++;
        for (var i = 0; i < _marks.Length; i++)
            _marks[i] = _inputs[i].Mark();
    }

    /// <summary>Removes the values that were added since the last complete row.</summary>
    public void DropRow()
    {
        for (var i = 0; i < _marks.Length; i++)
            _inputs[i].Return(_marks[i]);
    }

    /// <summary>Runs all rows, never together with other requests: the same rows give the same bits.</summary>
    /// <exception cref="InvalidInputException">The model cannot take one of them; <see cref="RunRowAsync"/> tells which.</exception>
    public ValueTask<PredictionOutputs> RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _shapes.Length; i++)
            _inputs[i].Complete(RowShape.Times(_shapes[i], _together ? Count : 1));
        return _model.RunAloneAsync(_inputs, cancellationToken);
    }

    /// <summary>Runs one of several rows by itself.</summary>
    /// <exception cref="InvalidInputException">The model cannot take it.</exception>
    public ValueTask<PredictionOutputs> RunRowAsync(int row, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _shapes.Length; i++)
            _row[i].CopyRow(_inputs[i], row, Count, RowShape.Times(_shapes[i], 1));
        return _model.RunAloneAsync(_row, cancellationToken);
    }

    /// <summary>Removes all rows.</summary>
    public void Clear()
    {
        Count = 0;
        for (var i = 0; i < _marks.Length; i++)
        {
            // Clear would free the memory.
            _inputs[i].Return(default);
            _marks[i] = default;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _inputs.Dispose();
    }
}
