using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Caching;

/// <summary>
/// A copy of the outputs of one request, outside the arena of runs and without the rows of requests that ran together with it. The cache holds it, and every request that is answered with it; the last
/// one frees it.
/// </summary>
internal sealed class CachedResponse : OutputValues
{
    // Beside the elements: the objects here and those of ONNX Runtime. 200,000 responses took 930 bytes each with one output of one number, and 1486 with two.
    private const long EntryBytes = 384;
    private const long ValueBytes = 576;

    private readonly OrtValue[] _values;
    private readonly MemoryShare _work;
    private int _holders = 1;

    private CachedResponse(ModelResponses model, in ResponseKey key, OrtValue[] values, long bytes, MemoryShare work, long made)
    {
        (Model, Key, _values, Bytes, _work, Made) = (model, key, values, bytes, work, made);
        ByUse = new LinkedListNode<CachedResponse>(this);
        ByAge = new LinkedListNode<CachedResponse>(this);
    }

    public ModelResponses Model { get; }

    public ResponseKey Key { get; }

    /// <summary>Bytes that it counts with.</summary>
    public long Bytes { get; }

    /// <summary>Timestamp of the copy.</summary>
    public long Made { get; }

    public LinkedListNode<CachedResponse> ByUse { get; }

    public LinkedListNode<CachedResponse> ByAge { get; }

    /// <inheritdoc />
    public override long BytesOfMember => Bytes;

    /// <inheritdoc />
    public override OrtValue this[int output] => _values[output];

    /// <summary>Copies outputs; null if one cannot be copied.</summary>
    public static CachedResponse? Copy(ModelResponses model, in ResponseKey key, PredictionOutputs outputs, MemoryShare work, long made)
    {
        var values = new OrtValue[outputs.Count];
        var bytes = EntryBytes;
        for (var i = 0; i < values.Length; i++)
        {
            if (outputs.Copy(i) is not { } copy)
            {
                foreach (var value in values.AsSpan(0, i))
                    value.Dispose();
                return null;
            }

            values[i] = copy.Value;
            bytes += ValueBytes + copy.Bytes;
        }

        return new CachedResponse(model, key, values, bytes, work, made) { Rows = outputs.Rows };
    }

    /// <summary>One more request is answered with it. Called under the cache's lock, while the cache holds it.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>The cache no longer holds it. While requests do, it counts as what they hold.</summary>
    public void Drop()
    {
        _work.Add(Bytes);
        Release();
    }

    /// <inheritdoc />
    public override void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        foreach (var value in _values)
            value.Dispose();
        _work.Release(Bytes);
    }
}

/// <summary>A copy of a value in memory of its own.</summary>
/// <param name="Value">The copy.</param>
/// <param name="Bytes">Its bytes; for maps and strings an estimate.</param>
internal readonly record struct CopiedValue(OrtValue Value, long Bytes)
{
    private const long TextBytes = 32;
    private const long MapEntryBytes = 64;
    private const long ItemBytes = 256;

    /// <summary>The first output that is not copied, neither a tensor nor a list of tensors or maps; null if all are.</summary>
    public static ValueSignature? FirstUnknown(ModelSignature signature) => signature.Outputs.FirstOrDefault(output => output is not (
        { Kind: ValueKind.Tensor } or { Element.Kind: ValueKind.Tensor or ValueKind.Map }));

    /// <summary>Copies rows of a value; null for an empty list, which ONNX Runtime does not make.</summary>
    /// <param name="value">The value.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many; negative for the whole value.</param>
    public static CopiedValue? Of(OrtValue value, int firstRow, int rows) => value.IsTensor ? OfTensor(value, firstRow, rows) : OfSequence(value, firstRow, rows);

    private static CopiedValue OfTensor(OrtValue value, int firstRow, int rows)
    {
        var elements = new Elements(value);
        if (rows >= 0)
            elements.TakeRows(firstRow, rows);
        if (!elements.IsText)
        {
            var type = value.GetTensorTypeAndShape().ElementDataType;
            var copy = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, elements.Shape);
            var data = copy.GetTensorMutableRawData();
            elements.Bytes(Datatypes.FromOnnx(type)!.Value.Size()).CopyTo(data);
            return new CopiedValue(copy, data.Length);
        }

        var texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, elements.Shape);
        var bytes = elements.Count * TextBytes;
        for (var i = 0; i < elements.Count; i++)
        {
            var text = elements.Utf8(i);
            texts.StringTensorSetElementAt(text, i);
            bytes += text.Length;
        }

        return new CopiedValue(texts, bytes);
    }

    // What ONNX Runtime gives out of a list is a copy already.
    private static CopiedValue? OfSequence(OrtValue list, int firstRow, int rows)
    {
        var end = rows < 0 ? list.GetValueCount() : firstRow + rows;
        if (end == firstRow)
            return null;
        var items = new List<OrtValue>();
        try
        {
            var bytes = 0L;
            for (var i = firstRow; i < end; i++)
            {
                items.Add(list.GetValue(i, OrtAllocator.DefaultInstance));
                bytes += ItemBytes + BytesOf(items[^1]);
            }

            return new CopiedValue(OrtValue.CreateSequence(items), bytes);
        }
        finally
        {
            items.ForEach(item => item.Dispose());
        }
    }

    private static long BytesOf(OrtValue value)
    {
        if (value.OnnxType == OnnxValueType.ONNX_TYPE_TENSOR)
            return BytesOfTensor(value);
        using var keys = value.GetValue(0, OrtAllocator.DefaultInstance);
        using var values = value.GetValue(1, OrtAllocator.DefaultInstance);
        return (MapEntryBytes * keys.GetTensorTypeAndShape().ElementCount) + BytesOfTensor(keys) + BytesOfTensor(values);
    }

    private static long BytesOfTensor(OrtValue value)
    {
        var elements = new Elements(value);
        if (!elements.IsText)
            return value.GetTensorSizeInBytes();
        var bytes = elements.Count * TextBytes;
        for (var i = 0; i < elements.Count; i++)
            bytes += elements.Utf8(i).Length;
        return bytes;
    }
}
