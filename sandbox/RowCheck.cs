using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>
/// Finds out whether a model treats the rows of a batch independently, by trying: some different rows run alone, and then together in
/// several orders, must give the same. That is no proof, but what couples rows in practice (batch statistics, running totals, sorting,
/// attention across the batch) shows with almost any values.
/// </summary>
internal static class RowCheck
{
    private const int Rows = 6;
    private static readonly int[][] Batches = [[0, 1], [2, 0, 1], [5, 4, 3, 2, 1, 0]];
    private static readonly int AllRows = Rows + Batches.Sum(batch => batch.Length);

    /// <summary>Estimated duration, given that of one row.</summary>
    public static TimeSpan Cost(TimeSpan oneRow) => oneRow * AllRows;

    /// <summary>
    /// True when all inputs and outputs have a first dimension that varies and no other, and rows did not influence each other. False also
    /// when that cannot be told: arbitrary values are invalid for the model (an index out of range), or all rows give the same.
    /// </summary>
    public static bool RowsAreIndependent(SandboxModel model)
    {
        if (model.Signature.Inputs.Count == 0 || !model.Signature.Inputs.All(IsBatch)
            || !model.Signature.Outputs.All(output => output.Kind == ValueKind.Sequence || IsBatch(output))
            || model.Shapes(rows: 1) is not { } shapes || model.Shapes(Rows) is null)
            return false;
        try
        {
            var inputs = model.Signature.Inputs.Select((input, i) => new RowInput(input.Datatype!.Value, shapes[i], seed: i)).ToArray();
            var alone = new List<RowOutput>();
            for (var row = 0; row < Rows; row++)
            {
                if (Run(model, inputs, [row]) is not [var output])
                    return false;
                alone.Add(output);
            }

            return alone.Exists(output => !output.IsClose(alone[0])) && Batches.All(batch =>
                Run(model, inputs, batch) is { } together && batch.Zip(together).All(pair => pair.Second.IsClose(alone[pair.First])));
        }
        catch (Exception)
        {
            // The model may reject generated values: then the answer is unknown.
            return false;
        }
    }

    private static RowOutput[]? Run(SandboxModel model, RowInput[] inputs, int[] rows)
    {
        var values = Array.ConvertAll(inputs, input => input.Batch(rows));
        try
        {
            using var outputs = model.Run(values);
            return RowOutput.Split(outputs, rows.Length);
        }
        finally
        {
            Array.ForEach(values, value => value.Dispose());
        }
    }

    private static bool IsBatch(ValueSignature value) => value.HasVariableBatch && value.Shape!.Skip(1).All(dimension => dimension >= 0);
}

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

/// <summary>What a model gave for one row: its part of each output.</summary>
internal sealed class RowOutput
{
    private readonly List<RowValue> _values = [];

    /// <summary>Cuts a run's outputs into rows; null when an output has not one part for each row.</summary>
    public static RowOutput[]? Split(IEnumerable<OrtValue> outputs, int rows)
    {
        var split = Enumerable.Range(0, rows).Select(_ => new RowOutput()).ToArray();
        return outputs.All(output => output.OnnxType == OnnxValueType.ONNX_TYPE_SEQUENCE ? SplitSequence(output, split) : SplitTensor(output, split))
            ? split
            : null;
    }

    /// <summary>Whether two rows' outputs are the same, but for rounding.</summary>
    public bool IsClose(RowOutput other) =>
        _values.Count == other._values.Count && _values.Zip(other._values).All(pair => pair.First.IsClose(pair.Second));

    private static bool SplitTensor(OrtValue tensor, RowOutput[] rows)
    {
        if (tensor.GetTensorTypeAndShape().Shape is not [var count, ..] || count != rows.Length)
            return false;
        for (var i = 0; i < rows.Length; i++)
            rows[i]._values.Add(RowValue.Part(tensor, i, rows.Length));
        return true;
    }

    private static bool SplitSequence(OrtValue sequence, RowOutput[] rows)
    {
        if (sequence.GetValueCount() != rows.Length)
            return false;
        sequence.ProcessSequence((element, i) => rows[i].AddElement(element), OrtAllocator.DefaultInstance);
        return true;
    }

    private void AddElement(OrtValue element)
    {
        if (element.OnnxType == OnnxValueType.ONNX_TYPE_MAP)
            element.ProcessMap((keys, values) => _values.AddRange([RowValue.Part(keys, 0, 1), RowValue.Part(values, 0, 1)]), OrtAllocator.DefaultInstance);
        else
            _values.Add(RowValue.Part(element, 0, 1));
    }
}

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
