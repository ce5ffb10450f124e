using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>The elements that one row has in one output, copied out of the tensor.</summary>
internal sealed class RowValue
{
    private readonly string[]? _strings;
    private readonly byte[] _bytes = [];
    private readonly double[]? _numbers;
    private readonly (double Relative, double Absolute) _tolerance;

    private RowValue(string[] strings) => _strings = strings;

    private RowValue(Datatype datatype, ReadOnlySpan<byte> bytes)
    {
        // Where kernels round differently for other batch sizes; integers must agree exactly.
        (_numbers, _tolerance) = datatype switch
        {
            Datatype.Fp64 => (MemoryMarshal.Cast<byte, double>(bytes).ToArray(), (1e-4, 1e-5)),
            Datatype.Fp32 => (Numbers(MemoryMarshal.Cast<byte, float>(bytes), value => value), (1e-4, 1e-5)),
            Datatype.Fp16 => (Numbers(MemoryMarshal.Cast<byte, Half>(bytes), value => (double)value), (1e-2, 1e-3)),
            Datatype.Bf16 => (Numbers(MemoryMarshal.Cast<byte, BFloat16>(bytes), value => (double)(float)value), (5e-2, 1e-2)),
            _ => ((double[]?)null, (0d, 0d)),
        };
        if (_numbers is null)
            _bytes = bytes.ToArray();
    }

    /// <summary>The <paramref name="index"/>-th of <paramref name="count"/> equal parts of a tensor.</summary>
    public static RowValue Part(OrtValue tensor, int index, int count)
    {
        var type = tensor.GetTensorTypeAndShape();
        if (type.IsString)
        {
            var strings = tensor.GetStringTensorAsArray();
            return new RowValue(strings.AsSpan(index * (strings.Length / count), strings.Length / count).ToArray());
        }

        var datatype = Datatypes.FromOnnx(type.ElementDataType) ?? throw new NotSupportedException($"A tensor of {type.ElementDataType}.");
        var bytes = tensor.GetTensorMutableRawData();
        return new RowValue(datatype, bytes.Slice(index * (bytes.Length / count), bytes.Length / count));
    }

    /// <summary>Whether two rows' values are the same, but for rounding.</summary>
    public bool IsClose(RowValue other)
    {
        if (_strings is not null)
            return other._strings is not null && _strings.AsSpan().SequenceEqual(other._strings);
        if (_numbers is null || other._numbers is null)
            return _numbers is null && other._numbers is null && _bytes.AsSpan().SequenceEqual(other._bytes);

        // The absolute tolerance is for values around 1; a row of tiny values gets a tinier one.
        var largest = _numbers.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        var absolute = _tolerance.Absolute * Math.Min(1, largest);
        return _numbers.Length == other._numbers.Length && _numbers.Zip(other._numbers).All(pair => pair.First.Equals(pair.Second)
            || Math.Abs(pair.First - pair.Second) <= absolute + (_tolerance.Relative * Math.Abs(pair.Second)));
    }

    private static double[] Numbers<T>(ReadOnlySpan<T> values, Func<T, double> convert)
    {
        var numbers = new double[values.Length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = convert(values[i]);
        return numbers;
    }
}
