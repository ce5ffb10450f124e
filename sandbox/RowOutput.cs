using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

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
