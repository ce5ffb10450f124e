using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Tensors;

/// <summary>A tensor in ONNX Runtime's memory, and what is known of it. Asking ONNX Runtime takes a fifth of a small model's run, so it is asked once.</summary>
internal sealed unsafe class OutputView
{
    /// <summary>The most dimensions that are written: JSON parsers limit the depth, too.</summary>
    private const int MostDimensions = 64;

    // A tensor without elements is written in full, as nested empty lists.
    private const long MostEmptyLists = 1 << 16;

    private readonly void* _data;
    private readonly int _bytes;

    /// <param name="value">The tensor.</param>
    /// <exception cref="InvalidInputException">It has too many elements or dimensions to be written.</exception>
    public OutputView(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        (Value, Type, Shape) = (value, info.ElementDataType, info.Shape);
        if (info.ElementCount > int.MaxValue)
            throw new InvalidInputException($"the model cannot answer this input: an output has {info.ElementCount} elements, and 2147483647 is the most.");
        if (Shape.Length > MostDimensions)
            throw new InvalidInputException($"the model cannot answer this input: an output has {Shape.Length} dimensions, and {MostDimensions} is the most.");
        Count = (int)info.ElementCount;
        if (Count == 0)
            CheckEmptyLists(Shape);
        if (info.IsString)
            return;
        var data = value.GetTensorMutableRawData();
        _data = Unsafe.AsPointer(ref MemoryMarshal.GetReference(data));
        _bytes = data.Length;
    }

    /// <summary>The tensor itself, which must live as long as this is used.</summary>
    public OrtValue Value { get; }

    /// <summary>Element type.</summary>
    public TensorElementType Type { get; }

    /// <summary>Dimensions; not to be changed.</summary>
    public long[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>The bytes of the elements; none of strings.</summary>
    public ReadOnlySpan<byte> Data => new(_data, _bytes);

    private static void CheckEmptyLists(long[] shape)
    {
        var lists = 1L;
        foreach (var length in shape)
        {
            if (length == 0)
                return;
            if (length > MostEmptyLists / lists)
                throw new InvalidInputException($"the model cannot answer this input: an output has shape [{string.Join(',', shape)}], which is nothing but empty lists, and {MostEmptyLists} of them are the most.");
            lists *= length;
        }
    }
}
