using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>
/// The memory of one input of a prediction: a dense, row-major tensor of the input's datatype. It lives in a pinned array that ONNX Runtime
/// reads in place, and is kept with its <see cref="OrtValue"/> for the next prediction; a large one is in native memory, which is freed at the end of the prediction. Not thread-safe.
/// </summary>
public sealed unsafe class TensorBuffer
{
    // A rare large input must not keep its memory.
    private const int RetainedBytes = 1 << 20;

    // Bytes of a std::string besides its characters.
    private const int StringOverhead = 32;

    /// <summary>Bytes of a string besides its characters: in ONNX Runtime, and its end offset here.</summary>
    internal const int TextBytes = StringOverhead + sizeof(int);

    private readonly long _limit;
    private readonly long[] _shape;
    private byte[]? _array;
    private NativeBlock? _block;
    private byte* _data;
    private int _capacity;
    private int _used;
    private int[] _ends = [];
    private int _strings;
    private OrtValue? _value;
    private long[] _valueShape = [];
    private byte* _valueData;
    private int _valueCapacity;

    internal TensorBuffer(ValueSignature signature, long limit)
    {
        Signature = signature;
        Datatype = signature.Datatype!.Value;
        _limit = limit;
        _shape = new long[signature.Shape!.Count];
    }

    /// <summary>Signature of the input.</summary>
    public ValueSignature Signature { get; }

    /// <summary>Element type.</summary>
    public Datatype Datatype { get; }

    /// <summary>Whether it has been given a value since it was rented.</summary>
    public bool HasValue { get; private set; }

    /// <summary>Dimensions of the value, none of them -1.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>
    /// The elements, in the machine's (little-endian) order: BOOL is one byte, 0 or 1. For BYTES, the strings' UTF-8 bytes back to back.
    /// </summary>
    public ReadOnlySpan<byte> Data => new(_data, _used);

    /// <summary>For BYTES, where in <see cref="Data"/> each string ends.</summary>
    internal ReadOnlySpan<int> TextEnds => _ends.AsSpan(0, _strings);

    internal int Capacity => _capacity;

    internal bool IsText => Datatype == Datatype.Bytes;

    /// <summary>
    /// Gives the tensor a shape and returns its memory, to be filled by the caller: an image, a binary protocol. Its content is undefined.
    /// Not for BYTES.
    /// </summary>
    /// <exception cref="InvalidInputException">The shape does not fit the signature, or is beyond <see cref="InferenceLimits.TensorBytes"/>.</exception>
    public Span<byte> Reserve(ReadOnlySpan<long> shape)
    {
        if (IsText)
            throw new InvalidOperationException($"{Signature.Name} is a BYTES tensor, whose elements have no fixed size.");
        Clear();
        Next(ElementsOf(shape) * Datatype.Size());
        Complete(shape);
        return new Span<byte>(_data, _used);
    }

    /// <summary>Sets a part of the elements that <see cref="Reserve"/> has given memory for.</summary>
    /// <param name="start">Where in <see cref="Data"/> it begins.</param>
    /// <param name="part">Its bytes, no more than fit behind that.</param>
    internal void Fill(int start, in ReadOnlySequence<byte> part) => part.CopyTo(new Span<byte>(_data, _used)[start..]);

    /// <summary>The number of elements of a value in this shape.</summary>
    /// <exception cref="InvalidInputException">The shape does not fit the signature, or is beyond <see cref="InferenceLimits.TensorBytes"/>.</exception>
    internal int ElementsOf(ReadOnlySpan<long> shape)
    {
        Int128 elements = 1;
        var fits = shape.Length == _shape.Length;
        for (var i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] >= 0 && (Signature.Shape![i] < 0 || shape[i] == Signature.Shape[i]);
            elements = Int128.Min(elements * shape[i], long.MaxValue);
        }

        if (!fits)
            throw InputError.Got(Signature, $"shape [{string.Join(',', shape.ToArray())}]");
        return elements * (IsText ? TextBytes : Datatype.Size()) > _limit ? throw TooLarge() : (int)elements;
    }

    /// <summary>Sets the value to zeros, falses or empty strings.</summary>
    /// <exception cref="InvalidInputException">As of <see cref="Reserve"/>.</exception>
    internal void FillZeros(long[] shape)
    {
        if (!IsText)
        {
            Reserve(shape).Clear();
            return;
        }

        Clear();
        for (var left = shape.Aggregate(1L, (product, dimension) => product * dimension); left > 0; left--)
            AppendText([]);
        Complete(shape);
    }

    /// <summary>Appends <paramref name="bytes"/> bytes and returns their memory.</summary>
    internal Span<byte> Next(int bytes)
    {
        var start = _used;
        if (bytes > _capacity - start)
            Grow(bytes);
        _used = start + bytes;
        return new Span<byte>(_data + start, bytes);
    }

    /// <summary>The memory of an element that was appended or reserved.</summary>
    internal Span<byte> At(int element)
    {
        var size = Datatype.Size();
        return new Span<byte>(_data + (element * size), size);
    }

    /// <summary>The memory of the element that was appended last.</summary>
    internal Span<byte> Last => new(_data + _used - Datatype.Size(), Datatype.Size());

    /// <summary>Adds the string that stands for a missing one, if the feature has a default.</summary>
    internal ElementError TryAppendDefault(FeatureColumns? columns, int column)
    {
        if (columns?.DefaultOf(column) is not { } usual)
            return ElementError.Missing;
        AppendText(usual);
        return ElementError.None;
    }

    /// <summary>Adds the string that the reader is on, unescaped; false when it is not well-formed Unicode.</summary>
    internal bool TryAppendText(ref Utf8JsonReader reader)
    {
        // Unescaping never makes a string longer.
        var longest = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (longest > _limit)
            throw TooLarge();
        var start = _used;
        var space = Next((int)longest);
        int length;
        try
        {
            length = reader.CopyString(space);
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        _used = start + length;
        AppendEnd();
        return true;
    }

    /// <summary>Completes the value with this shape; its elements were appended before.</summary>
    internal void Complete(ReadOnlySpan<long> shape)
    {
        shape.CopyTo(_shape);
        HasValue = true;
    }

    /// <summary>Adds a string.</summary>
    internal void AppendText(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Next(utf8.Length));
        AppendEnd();
    }

    /// <summary>Adds a string.</summary>
    internal void AppendText(in ReadOnlySequence<byte> utf8)
    {
        if (utf8.Length > _limit)
            throw TooLarge();
        utf8.CopyTo(Next((int)utf8.Length));
        AppendEnd();
    }

    /// <summary>The current length.</summary>
    internal TensorMark Mark() => new(_used, _strings);

    /// <summary>Removes everything after the mark.</summary>
    internal void Return(TensorMark mark) => (_used, _strings) = (mark.Bytes, mark.Strings);

    /// <summary>Sets the value to one of several rows of equal size.</summary>
    internal void CopyRow(TensorBuffer from, int row, int rows, ReadOnlySpan<long> shape)
    {
        Clear();
        if (IsText)
        {
            var strings = from._strings / rows;
            for (var i = row * strings; i < (row + 1) * strings; i++)
            {
                var start = i == 0 ? 0 : from._ends[i - 1];
                from.Data[start..from._ends[i]].CopyTo(Next(from._ends[i] - start));
                AppendEnd();
            }
        }
        else
        {
            var size = from._used / rows;
            from.Data.Slice(row * size, size).CopyTo(Next(size));
        }

        Complete(shape);
    }

    /// <summary>Adds the rows of a value that differs from this one in its first dimension at most.</summary>
    internal void AppendRows(TensorBuffer rows)
    {
        var offset = _used;
        rows.Data.CopyTo(Next(rows._used));
        for (var i = 0; i < rows._strings; i++)
        {
            AppendEnd();
            _ends[_strings - 1] = offset + rows._ends[i];
        }

        var before = HasValue ? _shape[0] : 0;
        Complete(rows._shape);
        _shape[0] += before;
    }

    /// <summary>The tensor that ONNX Runtime reads; valid until this buffer changes.</summary>
    internal OrtValue ToOrtValue()
    {
        if (_value is null || !_shape.AsSpan().SequenceEqual(_valueShape) || (!IsText && (_valueData != _data || _valueCapacity != _capacity)))
        {
            _value?.Dispose();
            _value = null;
            _valueShape = _shape.AsSpan().ToArray();
            if (IsText)
            {
                _value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, _valueShape);
            }
            else
            {
                if (_capacity == 0)
                    Grow(1);
                _valueData = _data;
                _valueCapacity = _capacity;
                _value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, Datatype.ToOnnx(), _valueShape, (nint)_data, _capacity);
            }
        }

        for (var i = 0; i < _strings; i++)
            _value.StringTensorSetElementAt(Data[(i == 0 ? 0 : _ends[i - 1]).._ends[i]], i);
        return _value;
    }

    /// <summary>Removes the value, and frees memory beyond <see cref="RetainedBytes"/>.</summary>
    internal void Clear()
    {
        HasValue = false;
        _used = 0;
        _strings = 0;
        if (_capacity > RetainedBytes || _ends.Length > RetainedBytes / sizeof(int))
            Free();
    }

    /// <summary>Frees all memory.</summary>
    internal void Free()
    {
        _value?.Dispose();
        _value = null;
        _valueData = null;
        _block?.Dispose();
        (_array, _block, _capacity, _used) = (null, null, 0, 0);
        (_ends, _strings) = ([], 0);
        _data = null;
    }

    private void AppendEnd()
    {
        if (_used + (_strings + 1L) * StringOverhead > _limit)
            throw TooLarge();
        if (_strings == _ends.Length)
            Array.Resize(ref _ends, Math.Max(16, _strings * 2));
        _ends[_strings++] = _used;
    }

    private void Grow(int bytes)
    {
        var needed = (long)_used + bytes;
        if (needed > _limit)
            throw TooLarge();
        // Never above the limit, so that memory at hand needs no check.
        var capacity = (int)Math.Min(_limit, Math.Max(needed, Math.Max(256, _capacity * 2L)));
        if (capacity <= RetainedBytes)
        {
            var larger = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
            Data.CopyTo(larger);
            _array = larger;
            _data = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(larger, 0);
        }
        else if (_block is not null)
        {
            _data = _block.Resize(capacity);
        }
        else
        {
            _block = new NativeBlock();
            var data = _block.Resize(capacity);
            Data.CopyTo(new Span<byte>(data, _used));
            _array = null;
            _data = data;
        }

        _capacity = capacity;
    }

    private InvalidInputException TooLarge() => InputError.Got(Signature, $"more than {InputError.Size(_limit)} of values, the limit for one input");

    // Native memory: the garbage collector would keep the arrays of a large request, and of each growth, until its next full collection. Where the system can, realloc moves pages
    // instead of copying bytes.
    private sealed class NativeBlock() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        public byte* Resize(int bytes)
        {
            var moved = NativeMemory.Realloc((void*)handle, (nuint)bytes);
            SetHandle((nint)moved);
            return (byte*)moved;
        }

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }
}

/// <summary>How much of a <see cref="TensorBuffer"/> was filled at one moment.</summary>
/// <param name="Bytes">Bytes of its elements.</param>
/// <param name="Strings">Number of its strings.</param>
internal readonly record struct TensorMark(int Bytes, int Strings);
