namespace Larder.Inference.Validation.Scanning;

/// <summary>Reads what tensors declare, and skips their data.</summary>
internal sealed class TensorScanner(MessageReader reader)
{
    /// <summary>Reads a <c>TensorProto</c>. The caller checks it, knowing what to call it.</summary>
    public TensorFacts Tensor()
    {
        var tensor = new TensorFacts();
        var fields = reader.Enter(OnnxSchema.Tensor);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    reader.Numbers(fields, tensor.AddDimension);
                    break;
                case 2:
                    tensor.Type = reader.Number();
                    break;
                case 3:
                    tensor.IsSegment = true;
                    reader.Skip(fields, number);
                    break;
                case 4 or 5 or 6 or 7 or 10 or 11:
                    tensor.AddEntries(number, reader.SkipEntries(fields, number));
                    break;
                case 8:
                    tensor.Name = reader.Name();
                    break;
                case 9:
                    tensor.RawBytes = reader.Values.ReadLength();
                    reader.Values.SkipBytes(tensor.RawBytes.Value);
                    break;
                case 13:
                    tensor.IsExternal = true;
                    reader.Skip(fields, number);
                    break;
                case 14:
                    tensor.IsExternal |= reader.Number() != 0;
                    break;
                default:
                    reader.Skip(fields, number);
                    break;
            }
        }

        return tensor;
    }

    /// <summary>Reads and checks a <c>SparseTensorProto</c>.</summary>
    /// <param name="label">What to call it, given its values.</param>
    /// <returns>Its values, which carry its name.</returns>
    public TensorFacts SparseTensor(Func<TensorFacts, string> label)
    {
        TensorFacts values = new(), indices = new(), dense = new();
        var fields = reader.Enter(OnnxSchema.SparseTensor);
        while (reader.Next(ref fields, out var number))
        {
            switch (number)
            {
                case 1:
                    values = Tensor();
                    break;
                case 2:
                    indices = Tensor();
                    break;
                default:
                    reader.Numbers(fields, dense.AddDimension);
                    break;
            }
        }

        values.Check(label(values));
        indices.Check(label(values));
        dense.CheckDimensions(label(values));
        return values;
    }
}
