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

    /// <summary>Frees the memory, if no other prediction of the same run still needs it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _result, null)?.Release();
}
