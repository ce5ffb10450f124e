using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// An output, or a part of one, as a tensor: what protocols carry that know nothing else (Open Inference Protocol). A tensor is itself. A list of maps, as scikit-learn's ZipMap
/// makes it, is two: <c>name</c> has the values, a row for each map and a column for each key, and <c>name.keys</c> has the keys. A single map is the same without rows. A list of
/// tensors of one shape is one tensor with one more dimension, the first.
/// </summary>
/// <param name="Name">Name of the output, or of its keys.</param>
/// <param name="Datatype">Element type.</param>
/// <param name="Shape">Dimensions, -1 where they vary.</param>
public sealed record TensorSignature(string Name, Datatype Datatype, IReadOnlyList<long> Shape)
{
    /// <summary>What the name of the keys ends with.</summary>
    internal const string Keys = ".keys";

    /// <summary>The tensors that the outputs of a model become.</summary>
    public static IReadOnlyList<TensorSignature> Of(ModelSignature signature) => [.. signature.Outputs.SelectMany(Of)];

    private static IEnumerable<TensorSignature> Of(ValueSignature output) => output switch
    {
        { Kind: ValueKind.Tensor } => [new(output.Name, output.Datatype!.Value, output.Shape!)],
        { Kind: ValueKind.Map } => OfMap(output.Name, output, []),
        { Element.Kind: ValueKind.Map } => OfMap(output.Name, output.Element, [-1]),
        { Element: { Kind: ValueKind.Tensor } element } => [new(output.Name, element.Datatype!.Value, [-1, .. element.Shape!])],
        _ => [],
    };

    private static TensorSignature[] OfMap(string name, ValueSignature map, long[] rows) =>
        [new(name, map.Datatype!.Value, [.. rows, -1]), new(name + Keys, map.KeyDatatype!.Value, [-1])];
}

/// <summary>The value of a <see cref="TensorSignature"/>, in ONNX Runtime's memory. Not thread-safe; not used after the <see cref="PredictionOutputs"/> that it came from.</summary>
public sealed class OutputTensor : IDisposable
{
    private const int LengthBytes = sizeof(uint);

    private readonly OutputView _view;
    private readonly int _firstRow;
    private readonly int _rows;
    private readonly bool _isOwn;

    private OutputTensor(string name, OutputView view, int firstRow, int rows, bool isOwn)
    {
        (Name, _view, _firstRow, _rows, _isOwn) = (name, view, firstRow, rows, isOwn);
        var elements = Elements;
        (Datatype, Shape, Count) = (Datatypes.FromOnnx(view.Type)!.Value, elements.Shape, elements.Count);
    }

    private OutputTensor(string name, OrtValue own)
        : this(name, new OutputView(own), 0, -1, isOwn: true)
    {
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it has the keys of maps, which all rows share.</summary>
    public bool IsKeys { get; private init; }

    /// <summary>Element type.</summary>
    public Datatype Datatype { get; }

    /// <summary>Dimensions.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>Bytes that <see cref="WriteBinaryPieces"/> writes.</summary>
    public long BinaryBytes
    {
        get
        {
            if (Datatype != Datatype.Bytes)
                return (long)Count * Datatype.Size();
            var elements = Elements;
            var bytes = (long)LengthBytes * Count;
            for (var i = 0; i < Count; i++)
                bytes += elements.Utf8(i).Length;
            return bytes;
        }
    }

    private Elements Elements => ElementsIn(ElementForm.Plain);

    private Elements ElementsIn(ElementForm form)
    {
        var elements = new Elements(_view) { Form = form };
        if (_rows >= 0)
            elements.TakeRows(_firstRow, _rows);
        return elements;
    }

    /// <summary>Writes the elements as one list, in row-major order, in the form of <see cref="PredictionOutputs.WriteValue"/>; the writer may be flushed between the steps.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="hasBareNames">Whether NaN and infinities are bare words, which are no JSON.</param>
    public IEnumerable<bool> WritePieces(Utf8JsonWriter writer, bool hasBareNames = false)
    {
        writer.WriteStartArray();
        for (var i = 0; i < Count;)
        {
            var count = Datatype == Datatype.Bytes ? 1 : Math.Min(OutputPieces.PieceElements, Count - i);
            ElementsIn(hasBareNames ? ElementForm.BareNames : ElementForm.Plain).Write(i, count, writer);
            i += count;
            if (writer.BytesPending >= OutputPieces.PieceBytes || Datatype != Datatype.Bytes)
                yield return true;
        }

        writer.WriteEndArray();
    }

    /// <summary>
    /// Writes the elements as nested lists in its shape, or one row of them, in the form of TensorFlow Serving's REST API: NaN and infinities are bare words, and strings are
    /// <c>{"b64": base64}</c> where the name ends with <c>_bytes</c>. The writer may be flushed between the steps.
    /// </summary>
    /// <param name="writer">Where to.</param>
    /// <param name="row">The row; null for the whole tensor.</param>
    public IEnumerable<bool> WriteTensorFlowPieces(Utf8JsonWriter writer, int? row = null)
    {
        var form = Name.EndsWith("_bytes", StringComparison.Ordinal) ? ElementForm.BareNames | ElementForm.Base64 : ElementForm.BareNames;
        return OutputPieces.WriteTensor(_view, _firstRow + (row ?? 0), _rows, row is not null, form, writer);
    }

    /// <summary>Writes the scores of a row as a list of pairs, each a label and a score, in the form of <see cref="WriteTensorFlowPieces"/>.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="row">The row.</param>
    /// <param name="labels">The names of the classes; without a name for each, they are empty.</param>
    public void WriteClasses(Utf8JsonWriter writer, int row, IReadOnlyList<string> labels)
    {
        var elements = new Elements(_view) { Form = ElementForm.BareNames };
        elements.TakeRow(_firstRow + row);
        writer.WriteStartArray();
        for (var i = 0; i < elements.Count; i++)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(labels.Count == elements.Count ? labels[i] : "");
            elements.Write(i, writer);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    /// <summary>The elements as texts: strings as they are, numbers as in JSON.</summary>
    public IReadOnlyList<string> Texts()
    {
        var elements = Elements;
        var texts = new string[Count];
        for (var i = 0; i < Count; i++)
            texts[i] = elements.Text(i);
        return texts;
    }

    /// <summary>Writes the elements' bytes: little-endian, in row-major order; a BOOL is one byte, a string is its length (4 bytes) and its bytes.</summary>
    public IEnumerable<bool> WriteBinaryPieces(IBufferWriter<byte> destination)
    {
        for (var i = 0; i < Count;)
        {
            i += WriteBinary(i, destination);
            yield return true;
        }
    }

    /// <summary>
    /// The classes with the highest scores of each row, the highest first, as texts <c>score:class</c> or <c>score:class:label</c>: Triton's classification extension. The last dimension is that of the classes.
    /// </summary>
    /// <param name="count">How many; of fewer classes, all.</param>
    /// <param name="labels">The names of the classes; none where there are more or fewer classes.</param>
    /// <exception cref="InvalidInputException">The elements are no scores.</exception>
    public OutputTensor Classify(int count, IReadOnlyList<string> labels)
    {
        if (Datatype is not (Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64) || Shape is not [.., var length])
            throw new InvalidInputException($"The output {Name} has elements of type {Datatype.Name()} and shape [{string.Join(',', Shape)}], which are no scores of classes.");
        var elements = Elements;
        var classes = (int)length;
        var most = Math.Min(count, classes);
        var texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [.. Shape.SkipLast(1), most]);
        var place = 0;
        for (var first = 0; first < Count; first += classes)
        {
            foreach (var best in ScoreWriter.Highest(elements, first, classes, most))
                texts.StringTensorSetElementAt($"{elements.Text(first + best)}:{best}{(labels.Count == classes ? $":{labels[best]}" : "")}", place++);
        }

        return new OutputTensor(Name, texts);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_isOwn)
            _view.Value.Dispose();
    }

    /// <summary>The tensors of an output.</summary>
    /// <param name="output">Its signature.</param>
    /// <param name="values">The outputs of the run.</param>
    /// <param name="index">The place of this one.</param>
    /// <param name="firstRow">The first row that belongs to the request.</param>
    /// <param name="rows">How many rows do; negative for all.</param>
    /// <exception cref="InvalidInputException">It cannot be a tensor.</exception>
    internal static IEnumerable<OutputTensor> Of(ValueSignature output, OutputValues values, int index, int firstRow, int rows) => output switch
    {
        { Kind: ValueKind.Tensor } => [new(output.Name, values.ViewOf(index), firstRow, rows, isOwn: false)],
        { Kind: ValueKind.Map } => OfMaps(output.Name, output, [values[index]], isList: false),
        { Element.Kind: ValueKind.Map or ValueKind.Tensor } => OfList(output, values[index], firstRow, rows),
        _ => throw new InvalidInputException($"The output {output.Name} is a {output.TypeName}, which no tensor can carry: use POST /api/v1/models/{{reference}}/prediction."),
    };

    private static OutputTensor[] OfList(ValueSignature output, OrtValue list, int firstRow, int rows)
    {
        var items = new List<OrtValue>();
        try
        {
            var end = rows < 0 ? list.GetValueCount() : firstRow + rows;
            for (var i = firstRow; i < end; i++)
                items.Add(list.GetValue(i, OrtAllocator.DefaultInstance));
            return output.Element!.Kind == ValueKind.Map ? OfMaps(output.Name, output.Element, items, isList: true) : [OfTensors(output, items)];
        }
        finally
        {
            items.ForEach(item => item.Dispose());
        }
    }

    private static OutputTensor OfTensors(ValueSignature output, List<OrtValue> items)
    {
        long[] shape = items.Count > 0 ? items[0].GetTensorTypeAndShape().Shape : [.. output.Element!.Shape!.Select(length => Math.Max(length, 0))];
        if (items.Exists(item => !item.GetTensorTypeAndShape().Shape.SequenceEqual(shape)))
            throw new InvalidInputException($"The output {output.Name} has tensors of several shapes, which one tensor cannot carry: use POST /api/v1/models/{{reference}}/prediction.");
        return Joined(output.Name, output.Element!.Datatype!.Value, [items.Count, .. shape], items);
    }

    private static OutputTensor[] OfMaps(string name, ValueSignature map, IReadOnlyList<OrtValue> maps, bool isList)
    {
        var (keys, values) = (new List<OrtValue>(), new List<OrtValue>());
        try
        {
            foreach (var one in maps)
            {
                keys.Add(one.GetValue(0, OrtAllocator.DefaultInstance));
                values.Add(one.GetValue(1, OrtAllocator.DefaultInstance));
            }

            for (var i = 1; i < keys.Count; i++)
            {
                if (!AreEqual(keys[0], keys[i]))
                    throw new InvalidInputException($"The output {name} has maps with different keys, which tensors cannot carry: use POST /api/v1/models/{{reference}}/prediction.");
            }

            var count = keys.Count > 0 ? keys[0].GetTensorTypeAndShape().ElementCount : 0;
            return
            [
                Joined(name, map.Datatype!.Value, isList ? [maps.Count, count] : [count], values),
                Joined(name + TensorSignature.Keys, map.KeyDatatype!.Value, [count], keys.Count > 0 ? [keys[0]] : [], isKeys: true),
            ];
        }
        finally
        {
            keys.ForEach(key => key.Dispose());
            values.ForEach(value => value.Dispose());
        }
    }

    private static bool AreEqual(OrtValue first, OrtValue second)
    {
        var a = new Elements(first);
        var b = new Elements(second);
        if (!a.IsText)
            return first.GetTensorMutableRawData().SequenceEqual(second.GetTensorMutableRawData());
        if (a.Count != b.Count)
            return false;
        for (var i = 0; i < a.Count; i++)
        {
            if (!a.Utf8(i).SequenceEqual(b.Utf8(i)))
                return false;
        }

        return true;
    }

    // The elements of several tensors, one behind the other.
    private static OutputTensor Joined(string name, Datatype datatype, long[] shape, IReadOnlyList<OrtValue> parts, bool isKeys = false)
    {
        if (datatype == Datatype.Bytes)
        {
            var texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
            var place = 0;
            foreach (var part in parts)
            {
                var elements = new Elements(part);
                for (var i = 0; i < elements.Count; i++)
                    texts.StringTensorSetElementAt(elements.Utf8(i), place++);
            }

            return new OutputTensor(name, texts) { IsKeys = isKeys };
        }

        var joined = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, datatype.ToOnnx(), shape);
        var rest = joined.GetTensorMutableRawData();
        foreach (var part in parts)
        {
            var data = part.GetTensorMutableRawData();
            data.CopyTo(rest);
            rest = rest[data.Length..];
        }

        return new OutputTensor(name, joined) { IsKeys = isKeys };
    }

    // Writes some elements, and returns how many.
    private int WriteBinary(int first, IBufferWriter<byte> destination)
    {
        var elements = Elements;
        if (Datatype != Datatype.Bytes)
        {
            var count = Math.Min(Count - first, OutputPieces.PieceBytes / Datatype.Size());
            destination.Write(elements.Bytes(Datatype.Size()).Slice(first * Datatype.Size(), count * Datatype.Size()));
            return count;
        }

        var written = 0;
        for (var place = first; place < Count; place++)
        {
            var text = elements.Utf8(place);
            BinaryPrimitives.WriteUInt32LittleEndian(destination.GetSpan(LengthBytes), (uint)text.Length);
            destination.Advance(LengthBytes);
            destination.Write(text);
            written += LengthBytes + text.Length;
            if (written >= OutputPieces.PieceBytes)
                return place - first + 1;
        }

        return Count - first;
    }
}
