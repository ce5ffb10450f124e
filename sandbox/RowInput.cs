using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>Makes up values for one input: arbitrary, the same every time, different from row to row, and of different magnitudes.</summary>
internal sealed class RowInput(Datatype datatype, long[] shape, int seed)
{
    private static readonly double[] Magnitudes = [1, 3, 0.3, 10, 0.1, 100];

    /// <summary>A tensor with the given rows.</summary>
    public OrtValue Batch(int[] rows)
    {
        long[] batch = [rows.Length, .. shape[1..]];
        var value = SandboxModel.Filled(datatype, batch);
        var elements = (int)shape[1..].Aggregate(1L, (product, dimension) => product * dimension);
        for (var i = 0; i < rows.Length; i++)
        {
            var random = new Random((seed * 1_000) + rows[i]);
            if (datatype == Datatype.Bytes)
            {
                for (var j = 0; j < elements; j++)
                    value.StringTensorSetElementAt(((char)('a' + random.Next(26))).ToString().AsSpan(), (i * elements) + j);
            }
            else
            {
                var bytes = elements * datatype.Size();
                Fill(value.GetTensorMutableRawData().Slice(i * bytes, bytes), random, Magnitudes[rows[i]]);
            }
        }

        return value;
    }

    private void Fill(Span<byte> row, Random random, double magnitude)
    {
        switch (datatype)
        {
            case Datatype.Fp16:
                Each(MemoryMarshal.Cast<byte, Half>(row), () => (Half)Number());
                break;
            case Datatype.Bf16:
                Each(MemoryMarshal.Cast<byte, BFloat16>(row), () => (BFloat16)(float)Number());
                break;
            case Datatype.Fp32:
                Each(MemoryMarshal.Cast<byte, float>(row), () => (float)Number());
                break;
            case Datatype.Fp64:
                Each(MemoryMarshal.Cast<byte, double>(row), Number);
                break;
            case Datatype.Bool:
                Each(row, () => (byte)random.Next(2));
                break;
            case Datatype.UInt8:
                random.NextBytes(row);
                break;
            default:
                // Small counts: likely to be valid as indices, too. Integers are little-endian, so that the low byte comes first.
                for (var i = 0; i < row.Length; i += datatype.Size())
                    row[i] = (byte)random.Next(4);
                break;
        }

        double Number() => ((random.NextDouble() * 2) - 1) * magnitude;
    }

    private static void Each<T>(Span<T> row, Func<T> next)
    {
        foreach (ref var element in row)
            element = next();
    }
}
