using System.Text.Json;
using Larder.Inference.Batching;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>
/// The outputs of one prediction, in the order of the model's signature, still in ONNX Runtime's memory: dispose it before the
/// lease of the model. Not thread-safe.
/// </summary>
public sealed class PredictionOutputs : IDisposable
{
    // Up to here, the text of all of it is a matter of some hundred kilobytes.
    private const long SmallBytes = 32 << 10;

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

    /// <summary>How long the run took.</summary>
    public TimeSpan RunTime => Result.Time;

    /// <summary>Whether the outputs are so small that they may as well be written at once.</summary>
    public bool AreSmall
    {
        get
        {
            if (Result.BytesOfMember > SmallBytes)
                return false;
            for (var i = 0; i < Count; i++)
            {
                if (!IsSmall(i))
                    return false;
            }

            return true;
        }
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

    /// <summary>Writes what <see cref="WriteValue"/> does in pieces, one for each step; between them the writer may be flushed.</summary>
    public IEnumerable<bool> WritePieces(int output, Utf8JsonWriter writer) => OutputPieces.Write(Result[output], _firstRow, _rows, writer);

    /// <summary>Looks at all outputs, to find what cannot be written before anything is.</summary>
    /// <exception cref="InvalidInputException">One has too many elements or dimensions.</exception>
    public void Check()
    {
        for (var i = 0; i < Count; i++)
        {
            if (Result[i].IsTensor)
                _ = new Elements(Result[i]);
        }
    }

    // How long strings are, and what sequences hold, does not show in their number.
    private bool IsSmall(int output)
    {
        var kind = _signature.Outputs[output];
        if (kind.Kind == ValueKind.Tensor && kind.Datatype != Datatype.Bytes)
            return true;
        if (kind.Kind == ValueKind.Sequence)
            return kind.Element!.Kind == ValueKind.Map && kind.Element.Datatype != Datatype.Bytes;
        if (kind.Kind == ValueKind.Map)
            return kind.Datatype != Datatype.Bytes;
        var texts = new Elements(Result[output]);
        var bytes = 0L;
        for (var i = 0; i < texts.Count && bytes <= SmallBytes; i++)
            bytes += texts.Utf8(i).Length;
        return bytes <= SmallBytes;
    }

    /// <summary>Whether every output can be divided into so many rows; one row always can have all.</summary>
    public bool HasRows(int rows) => rows == 1 || BatchRules.Divides(Result, Count, rows);

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
