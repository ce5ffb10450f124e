using System.Text.Json;

namespace Larder.Inference;

/// <summary>
/// The outputs of one prediction, in the order of the model's signature, still in ONNX Runtime's memory: dispose it before the
/// lease of the model. Not thread-safe.
/// </summary>
public sealed class PredictionOutputs : IDisposable
{
    private readonly ModelSignature _signature;
    private readonly int _firstRow;
    private readonly int _rows;
    private RunResult? _result;

    internal PredictionOutputs(ModelSignature signature, RunResult result, int firstRow = 0, int rows = -1)
    {
        _signature = signature;
        _result = result;
        _firstRow = firstRow;
        _rows = rows;
    }

    private RunResult Result => _result ?? throw new ObjectDisposedException(nameof(PredictionOutputs));

    /// <summary>Number of outputs.</summary>
    public int Count => _signature.Outputs.Count;

    /// <summary>
    /// Writes one output as JSON: a tensor as nested lists in its shape (a scalar as a bare value), a sequence as a list, a map as an object
    /// with its keys as strings. Integers are written in full, floating-point numbers with the fewest digits that give the
    /// same number of that datatype. JSON has no name for what is not a number: <c>"NaN"</c>, <c>"Infinity"</c> and <c>"-Infinity"</c>
    /// are written as strings. Bytes of a string that are not UTF-8 are written as U+FFFD.
    /// </summary>
    public void WriteValue(int output, Utf8JsonWriter writer)
    {
        ObjectDisposedException.ThrowIf(_result is null, this);
        ValueWriter.Write(_result[output], _firstRow, _rows, writer);
    }

    /// <summary>Whether every output can be divided into so many rows; one row always can have all.</summary>
    public bool HasRows(int rows) => rows == 1 || Batching.Divides(Result, Count, rows);

    /// <summary>What the rows of an output are.</summary>
    public RowLayout LayoutOf(int output, int rows) => RowOutputs.LayoutOf(Result[output], rows);

    /// <summary>Writes every row of an output as JSON, in the form of <see cref="WriteValue"/>.</summary>
    public void WriteJson(int output, int rows, RowTexts texts) => RowOutputs.WriteJson(Result[output], rows, texts);

    /// <summary>Writes every row of an output as fields. Rows that are not as the layout says are errors.</summary>
    public void WriteFields(int output, int rows, RowLayout layout, byte delimiter, RowTexts texts) =>
        RowOutputs.WriteFields(Result[output], rows, layout, delimiter, texts);

    /// <summary>Frees the memory, if no other prediction of the same run still needs it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _result, null)?.Release();
}
