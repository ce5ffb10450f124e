using System.Text.Json;
using Larder.Inference.Batching;
using Larder.Inference.Caching;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// The outputs of one prediction, in the order of the model's signature, still in ONNX Runtime's memory: dispose it before the
/// lease of the model. Not thread-safe.
/// </summary>
public sealed class PredictionOutputs : IDisposable
{
    // The JSON of this many bytes has some hundred kilobytes at most.
    private const long SmallBytes = 32 << 10;

    private readonly ModelSignature _signature;
    private readonly int _firstRow;
    private readonly int _rows;
    private OutputValues? _result;

    internal PredictionOutputs(ModelSignature signature, OutputValues result, int firstRow = 0, int rows = -1)
    {
        _signature = signature;
        _result = result;
        _firstRow = firstRow;
        _rows = rows;
    }

    /// <summary>Duration of the run; 0 for the outputs of an earlier one.</summary>
    public TimeSpan RunTime => Result.Time;

    /// <summary>Rows of the request; one for a model without rows.</summary>
    public long Rows => _rows >= 0 ? _rows : RunRows;

    /// <summary>Rows of the run, which are more than <see cref="Rows"/> if other requests ran together with this one.</summary>
    public long RunRows => Result.Rows;

    /// <summary>Whether the request is the first of those that ran together, or had a run of its own.</summary>
    public bool IsFirstOfRun => _firstRow == 0;

    /// <summary>How the response cache was used; null if it was not.</summary>
    public CacheUse? Cache { get; set; }

    /// <summary>Bytes of the request, on average over those that ran together.</summary>
    internal long Bytes => Result.BytesOfMember;

    /// <summary>Whether the outputs are so small that writing them in pieces is not worth it.</summary>
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

    private OutputValues Result => _result ?? throw new ObjectDisposedException(nameof(PredictionOutputs));

    /// <summary>Number of outputs.</summary>
    public int Count => _signature.Outputs.Count;

    /// <summary>
    /// Writes one output as JSON: a tensor as nested lists in its shape (a scalar as a bare value), a sequence as a list, a map as an object
    /// with its keys as strings. Integers are written in full, floating-point numbers with the fewest digits that give the
    /// same number of that datatype. Numbers that are not finite are written
    /// as the strings <c>"NaN"</c>, <c>"Infinity"</c> and <c>"-Infinity"</c>. Bytes of a string that are not UTF-8 are written as U+FFFD.
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="processing">What is made of one of the outputs; null for nothing.</param>
    public void WriteValue(int output, Utf8JsonWriter writer, PostProcessing? processing = null)
    {
        ObjectDisposedException.ThrowIf(_result is null, this);
        if (processing?.Output != output)
        {
            if (_signature.Outputs[output].Kind == ValueKind.Tensor)
                ValueWriter.WriteTensor(new Elements(_result.ViewOf(output)), _firstRow, _rows, writer);
            else
                ValueWriter.Write(_result[output], _firstRow, _rows, writer);
            return;
        }

        foreach (var _ in WritePieces(output, writer, processing))
        {
        }
    }

    /// <summary>Writes the same as <see cref="WriteValue"/>, one piece for each step of the enumerator; the writer may be flushed between steps.</summary>
    public IEnumerable<bool> WritePieces(int output, Utf8JsonWriter writer, PostProcessing? processing = null) =>
        OutputPieces.Write(Result[output], _firstRow, _rows, writer, processing?.Output == output ? new ScoreWriter(processing) : null);

    /// <summary>Checks that an output can be processed, before the first is written.</summary>
    /// <exception cref="InvalidInputException">It cannot.</exception>
    public void Check(PostProcessing processing) => processing.Check(new Elements(Result[processing.Output]));

    /// <summary>Checks that all outputs can be written, before the first of them is.</summary>
    /// <exception cref="InvalidInputException">One has too many elements or dimensions.</exception>
    public void Check()
    {
        for (var i = 0; i < Count; i++)
        {
            if (Result[i].IsTensor)
                _ = new Elements(Result[i]);
        }
    }

    /// <summary>The outputs as tensors, in the signature's order; dispose of each before this.</summary>
    /// <param name="names">Those to have, by <see cref="OutputTensor.Name"/>; null for all.</param>
    /// <exception cref="InvalidInputException">One cannot be a tensor, or has too many elements or dimensions.</exception>
    public IReadOnlyList<OutputTensor> Tensors(IReadOnlySet<string>? names = null)
    {
        var tensors = new List<OutputTensor>(Count);
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var output = _signature.Outputs[i];
                if (names is null || names.Contains(output.Name) || names.Contains(output.Name + TensorSignature.Keys))
                    tensors.AddRange(OutputTensor.Of(output, Result, i, _firstRow, _rows));
            }

            return tensors;
        }
        catch
        {
            tensors.ForEach(tensor => tensor.Dispose());
            throw;
        }
    }

    /// <summary>Writes the names of the classes in the shape of their output: one for each row, or a single one for an output without rows; null where there is no such class.</summary>
    public void WriteLabels(ClassLabels labels, Utf8JsonWriter writer)
    {
        var elements = new Elements(Result.ViewOf(labels.Output));
        if (_rows >= 0)
            elements.TakeRows(_firstRow, _rows);
        var isSingle = elements.Shape.Length == (labels.AreScores ? 1 : 0);
        var rows = isSingle ? 1 : elements.Shape[0];
        if (!isSingle)
            writer.WriteStartArray();
        for (var row = 0; row < rows; row++)
            labels.Write(elements.ClassOf(row, labels), writer);
        if (!isSingle)
            writer.WriteEndArray();
    }

    /// <summary>Writes the name of each row's class, as a field or as JSON; nothing, or null, where there is no such class.</summary>
    public void WriteLabels(ClassLabels labels, int rows, byte? delimiter, RowTexts texts) =>
        RowOutputs.WriteLabels(new Elements(Result[labels.Output]), labels, rows, delimiter, texts);

    /// <summary>The number of rows that every output has: the length of its first dimension, or its items; null when they differ, or one has neither.</summary>
    public int? CommonRows
    {
        get
        {
            var common = -1L;
            for (var i = 0; i < Count; i++)
            {
                var rows = _rows >= 0 ? _rows : RowsOf(Result[i]);
                if (rows < 0 || (i > 0 && rows != common))
                    return null;
                common = rows;
            }

            return common < 0 ? null : (int)common;
        }
    }

    /// <summary>Writes one row of an output, without the dimension of the rows, in the form of <see cref="WriteValue"/>.</summary>
    /// <param name="output">The output.</param>
    /// <param name="row">One of <see cref="CommonRows"/>.</param>
    /// <param name="writer">Where to.</param>
    public void WriteRow(int output, int row, Utf8JsonWriter writer)
    {
        var value = Result[output];
        if (!value.IsTensor)
        {
            using var item = value.GetValue(_firstRow + row, OrtAllocator.DefaultInstance);
            ValueWriter.Write(item, 0, -1, writer);
            return;
        }

        var elements = new Elements(value);
        elements.TakeRow(_firstRow + row);
        var element = 0;
        ValueWriter.WriteLists(elements, 0, ref element, writer);
    }

    /// <summary>Copies the request's rows of an output into memory of their own; null if that cannot be.</summary>
    internal CopiedValue? Copy(int output) => CopiedValue.Of(Result[output], _firstRow, _rows);

    private static long RowsOf(OrtValue value) => value.OnnxType switch
    {
        OnnxValueType.ONNX_TYPE_TENSOR => value.GetTensorTypeAndShape().Shape is [var rows, ..] and [<= int.MaxValue, ..] ? rows : -1,
        OnnxValueType.ONNX_TYPE_SEQUENCE => value.GetValueCount(),
        _ => -1,
    };

    // The bytes of strings and of items in sequences do not follow from their number.
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

    /// <summary>Whether every output can be divided into this number of rows; one row can always have the whole output.</summary>
    public bool HasRows(int rows) => rows == 1 || BatchRules.Divides(Result, Count, rows);

    /// <summary>Layout of the rows of an output.</summary>
    public RowLayout LayoutOf(int output, int rows) => RowOutputs.LayoutOf(Result[output], rows);

    /// <summary>Writes every row of an output as JSON, in the form of <see cref="WriteValue"/>.</summary>
    /// <param name="output">The output.</param>
    /// <param name="rows">How many rows were run.</param>
    /// <param name="hasBatch">Whether its first dimension counts the rows; otherwise the one row has the whole value.</param>
    /// <param name="texts">Where to.</param>
    public void WriteJson(int output, int rows, bool hasBatch, RowTexts texts) => RowOutputs.WriteJson(Result[output], rows, hasBatch, texts);

    /// <summary>Writes every row of an output as fields. Rows that differ from the layout are errors.</summary>
    public void WriteFields(int output, int rows, RowLayout layout, byte delimiter, RowTexts texts) =>
        RowOutputs.WriteFields(Result[output], rows, layout, delimiter, texts);

    /// <summary>Frees the memory, unless another request of the same run still uses it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _result, null)?.Release();
}

/// <summary>
/// Writes the same as <see cref="ValueWriter"/> in pieces, so that one piece can be sent before the next is written. Each step leaves some ten thousand bytes
/// in the writer, or a single larger item.
/// </summary>
internal static class OutputPieces
{
    public const int PieceBytes = 32 << 10;
    public const int PieceElements = 4096;

    /// <summary>Writes <paramref name="rows"/> rows of a batched value, or the whole value if that is negative; the elements of a tensor by <paramref name="scores"/>, if that is not null.</summary>
    public static IEnumerable<bool> Write(OrtValue value, int firstRow, int rows, Utf8JsonWriter writer, ScoreWriter? scores = null)
    {
        if (value.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
        {
            var tensor = new TensorPieces(new OutputView(value), firstRow, rows, scores);
            while (tensor.Write(writer))
                yield return true;
        }
        else if (value.OnnxType == OnnxValueType.ONNX_TYPE_SEQUENCE)
        {
            var end = rows < 0 ? value.GetValueCount() : firstRow + rows;
            var since = Written(writer);
            writer.WriteStartArray();
            for (var i = firstRow; i < end; i++)
            {
                using var item = value.GetValue(i, OrtAllocator.DefaultInstance);
                foreach (var piece in Write(item, 0, -1, writer))
                    yield return piece;
                if (Written(writer) - since < PieceBytes)
                    continue;
                since = Written(writer);
                yield return true;
            }

            writer.WriteEndArray();
        }
        else
        {
            ValueWriter.Write(value, firstRow, rows, writer);
        }
    }

    private static long Written(Utf8JsonWriter writer) => writer.BytesCommitted + writer.BytesPending;

    /// <summary>Writes rows of a tensor, the whole tensor if <paramref name="rows"/> is negative, or, with <paramref name="isRow"/>, one row without the dimension of the rows.</summary>
    public static IEnumerable<bool> WriteTensor(OutputView value, int firstRow, int rows, bool isRow, ElementForm form, Utf8JsonWriter writer)
    {
        var tensor = new TensorPieces(value, firstRow, rows, null) { IsRow = isRow, Form = form };
        while (tensor.Write(writer))
            yield return true;
    }

    /// <summary>A tensor, and the position up to which it is written.</summary>
    private sealed class TensorPieces(OutputView value, int firstRow, int rows, ScoreWriter? scores)
    {
        private long[] _places = [];
        private int _element;

        public bool IsRow { get; init; }

        public ElementForm Form { get; init; }

        /// <summary>Writes a piece; false when it was the last.</summary>
        public bool Write(Utf8JsonWriter writer)
        {
            var elements = new Elements(value) { Form = Form };
            if (IsRow)
                elements.TakeRow(firstRow);
            else if (rows >= 0)
                elements.TakeRows(firstRow, rows);
            var shape = elements.Shape;
            if (elements.Count == 0 || shape.Length == 0)
            {
                var none = 0;
                if (elements.Count > 0 && scores is not null)
                    scores.Write(elements, 0, 1, 0, writer);
                else
                    ValueWriter.WriteLists(elements, 0, ref none, writer);
                return false;
            }

            if (_element == 0)
            {
                _places = new long[shape.Length];
                Open(shape.Length, writer);
            }

            var since = Written(writer);
            var end = Math.Min(elements.Count, _element + PieceElements);
            while (_element < end && Written(writer) - since < PieceBytes)
            {
                // Strings have any length.
                var count = elements.IsText ? 1 : (int)Math.Min(end - _element, shape[^1] - _places[^1]);
                if (scores is null)
                    elements.Write(_element, count, writer);
                else
                    count = scores.Write(elements, _element, count, (int)_places[^1], writer);
                _element += count;
                _places[^1] += count;
                Close(shape, writer);
            }

            return _element < elements.Count;
        }

        // Ends the lists that are full, and begins the next ones.
        private void Close(long[] shape, Utf8JsonWriter writer)
        {
            var ended = 0;
            for (var dimension = shape.Length - 1; dimension >= 0 && _places[dimension] == shape[dimension]; dimension--)
            {
                writer.WriteEndArray();
                ended++;
                if (dimension == 0)
                    return;
                _places[dimension] = 0;
                _places[dimension - 1]++;
            }

            Open(ended, writer);
        }

        private static void Open(int lists, Utf8JsonWriter writer)
        {
            for (var i = 0; i < lists; i++)
                writer.WriteStartArray();
        }
    }
}
