using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Sandbox.Compilation;

/// <summary>
/// Compares what two models gave, or one with what is expected of it. Floating-point elements may differ by atol + rtol * |original|, as NumPy's allclose has it; NaN equals NaN, and an
/// infinity itself. All else must be equal.
/// </summary>
/// <param name="atol">Absolute tolerance.</param>
/// <param name="rtol">Relative tolerance.</param>
/// <param name="inOne">How sentences name the place of the values that others are compared with.</param>
/// <param name="inOther">How they name that of the others.</param>
internal sealed class OutputComparison(double atol, double rtol, string inOne = "in the original", string inOther = "in the optimised model")
{
    /// <summary>Of two finite floating-point elements; null before there were any.</summary>
    public double? LargestDifference { get; private set; }

    /// <summary>What differs first between the outputs of two models, as the end of a sentence; null when nothing does.</summary>
    public string? Difference(IReadOnlyList<ValueSignature> signature, IReadOnlyList<OrtValue> original, IReadOnlyList<OrtValue> other)
    {
        for (var i = 0; i < signature.Count; i++)
        {
            if (Difference($"output {Printable.Quoted(signature[i].Name)}", original[i], other[i]) is { } difference)
                return difference;
        }

        return null;
    }

    private string? Difference(string where, OrtValue original, OrtValue other)
    {
        if (original.OnnxType != other.OnnxType)
            return $"{where} is {original.OnnxType} in one and {other.OnnxType} in the other";
        return original.OnnxType switch
        {
            OnnxValueType.ONNX_TYPE_SEQUENCE => Sequence(where, original, other),
            OnnxValueType.ONNX_TYPE_MAP => Map(where, original, other),
            _ => Tensor(where, original, other),
        };
    }

    private string? Sequence(string where, OrtValue original, OrtValue other)
    {
        var count = original.GetValueCount();
        if (other.GetValueCount() is var otherCount && otherCount != count)
            return $"{where} has {count} elements {inOne} and {otherCount} {inOther}";
        for (var i = 0; i < count; i++)
        {
            using var one = original.GetValue(i, OrtAllocator.DefaultInstance);
            using var two = other.GetValue(i, OrtAllocator.DefaultInstance);
            if (Difference($"{where}, element {i}", one, two) is { } difference)
                return difference;
        }

        return null;
    }

    // ONNX Runtime keeps maps sorted by their keys.
    private string? Map(string where, OrtValue original, OrtValue other)
    {
        for (var part = 0; part < 2; part++)
        {
            using var one = original.GetValue(part, OrtAllocator.DefaultInstance);
            using var two = other.GetValue(part, OrtAllocator.DefaultInstance);
            if (Difference($"{where}, {(part == 0 ? "keys" : "values")}", one, two) is { } difference)
                return difference;
        }

        return null;
    }

    private string? Tensor(string where, OrtValue original, OrtValue other)
    {
        var (one, two) = (original.GetTensorTypeAndShape(), other.GetTensorTypeAndShape());
        if (one.ElementDataType != two.ElementDataType)
            return $"{where} has elements of type {one.ElementDataType} {inOne} and {two.ElementDataType} {inOther}";
        if (!one.Shape.AsSpan().SequenceEqual(two.Shape))
            return $"{where} has the shape [{string.Join(',', one.Shape)}] {inOne} and [{string.Join(',', two.Shape)}] {inOther}";
        return one.ElementDataType switch
        {
            TensorElementType.String => Strings(where, one.Shape, original.GetStringTensorAsArray(), other.GetStringTensorAsArray()),
            TensorElementType.Float => Close<float>(where, one.Shape, original, other, value => value),
            TensorElementType.Double => Close<double>(where, one.Shape, original, other, value => value),
            TensorElementType.Float16 => Close<Half>(where, one.Shape, original, other, value => (double)value),
            TensorElementType.BFloat16 => Close<BFloat16>(where, one.Shape, original, other, value => (float)value),
            TensorElementType.Bool => Equal<byte>(where, one.Shape, original, other, value => value == 0 ? "false" : "true"),
            TensorElementType.UInt8 => Equal<byte>(where, one.Shape, original, other),
            TensorElementType.UInt16 => Equal<ushort>(where, one.Shape, original, other),
            TensorElementType.UInt32 => Equal<uint>(where, one.Shape, original, other),
            TensorElementType.UInt64 => Equal<ulong>(where, one.Shape, original, other),
            TensorElementType.Int8 => Equal<sbyte>(where, one.Shape, original, other),
            TensorElementType.Int16 => Equal<short>(where, one.Shape, original, other),
            TensorElementType.Int32 => Equal<int>(where, one.Shape, original, other),
            TensorElementType.Int64 => Equal<long>(where, one.Shape, original, other),
            _ => throw new InvalidModelException($"The {where} has elements of type {one.ElementDataType}, which cannot be compared."),
        };
    }

    private string? Close<T>(string where, long[] shape, OrtValue original, OrtValue other, Func<T, double> number)
        where T : unmanaged
    {
        var one = Elements<T>(original);
        var two = Elements<T>(other);
        for (var i = 0; i < one.Length; i++)
        {
            var (expected, got) = (number(one[i]), number(two[i]));
            if (expected.Equals(got))
            {
                if (double.IsFinite(expected))
                    LargestDifference ??= 0;
                continue;
            }

            var difference = Math.Abs(got - expected);
            if (!double.IsFinite(expected) || !double.IsFinite(got) || difference > atol + (rtol * Math.Abs(expected)))
                return Sentence(where, shape, i, Text(one[i], expected), Text(two[i], got));
            LargestDifference = Math.Max(LargestDifference ?? 0, difference);
        }

        return null;

        // With the digits of its own type, where it has a text; BFloat16 has none.
        static string Text(T value, double number) => ((value as IFormattable) ?? number).ToString(null, CultureInfo.InvariantCulture);
    }

    private string? Equal<T>(string where, long[] shape, OrtValue original, OrtValue other, Func<T, string>? text = null)
        where T : unmanaged, INumber<T>
    {
        var one = Elements<T>(original);
        var two = Elements<T>(other);
        var same = one.CommonPrefixLength(two);
        return same == one.Length ? null : Sentence(where, shape, same, Text(one[same]), Text(two[same]));

        string Text(T value) => text?.Invoke(value) ?? value.ToString(null, CultureInfo.InvariantCulture);
    }

    private string? Strings(string where, long[] shape, string[] original, string[] other)
    {
        var same = original.AsSpan().CommonPrefixLength(other);
        return same == original.Length ? null : Sentence(where, shape, same, Printable.Quoted(original[same]), Printable.Quoted(other[same]));
    }

    private string Sentence(string where, long[] shape, int element, string original, string other) =>
        $"{where} at [{string.Join(',', Index(shape, element))}] is {original} {inOne} and {other} {inOther}";

    private static long[] Index(long[] shape, long element)
    {
        var index = new long[shape.Length];
        for (var i = shape.Length - 1; i >= 0; i--)
            (element, index[i]) = Math.DivRem(element, shape[i]);
        return index;
    }

    private static ReadOnlySpan<T> Elements<T>(OrtValue tensor)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.GetTensorMutableRawData());
}
