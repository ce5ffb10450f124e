namespace Larder.Inference.Validation.Scanning;

/// <summary>Reads what the file says of the model's inputs and outputs.</summary>
internal sealed class ValueScanner(MessageReader reader, ValidationLimits limits)
{
    /// <summary>Reads one input or output (<c>ValueInfoProto</c>) into the list.</summary>
    public void Value(List<ValueFacts> values, string role)
    {
        if (values.Count == limits.MaxValues)
            throw new InvalidModelException($"The model has more than {limits.MaxValues} {role}s.");
        var value = new ValueFacts();
        values.Add(value);
        var fields = reader.Enter(OnnxSchema.Value);
        while (reader.Next(ref fields, out var number))
        {
            if (number == 1)
                value.Name = reader.Name();
            else if (number == 2)
                Type(value);
            else
                reader.Skip(fields, number);
        }
    }

    private void Type(ValueFacts value)
    {
        var fields = reader.Enter(OnnxSchema.Type);
        while (reader.Next(ref fields, out var number))
        {
            if (number == 1)
                TensorType(value);
            else
                reader.Skip(fields, number);
        }
    }

    private void TensorType(ValueFacts value)
    {
        value.IsTensorWithoutShape = true;
        var fields = reader.Enter(OnnxSchema.TensorType);
        while (reader.Next(ref fields, out var number))
        {
            if (number == 2)
                Shape(value);
            else
                value.ElementType = reader.Number();
        }
    }

    private void Shape(ValueFacts value)
    {
        value.IsTensorWithoutShape = false;
        var shape = reader.Enter(OnnxSchema.Shape);
        while (reader.Next(ref shape, out _))
        {
            var dimension = reader.Enter(OnnxSchema.Dimension);
            while (reader.Next(ref dimension, out var number))
            {
                // ONNX Runtime takes -1 for a dimension that varies.
                if (number != 1)
                    reader.Skip(dimension, number);
                else if (reader.Number() is var size and not (>= -1 and <= int.MaxValue))
                    value.BadDimension ??= size;
            }
        }
    }
}
