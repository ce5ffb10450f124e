using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Scanning;

/// <summary>Reads the declarations of the model's inputs and outputs.</summary>
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
            if (number == ValueFields.Name)
                value.Name = reader.Name();
            else if (number == ValueFields.Type)
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
            if (number == TypeFields.TensorType)
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
            if (number == TensorTypeFields.Shape)
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
                if (number != DimensionFields.DimValue)
                    reader.Skip(dimension, number);
                else if (reader.Number() is var size and not (>= -1 and <= int.MaxValue))
                    value.BadDimension ??= size;
            }
        }
    }
}

/// <summary>Declaration of one input or output of the model.</summary>
internal sealed class ValueFacts
{
    public string Name { get; set; } = "";

    public long? ElementType { get; set; }

    public bool IsTensorWithoutShape { get; set; }

    public long? BadDimension { get; set; }

    /// <summary>Refuses inputs or outputs that cannot be told apart, sent or received.</summary>
    /// <param name="values">All of them.</param>
    /// <param name="role">What they are: <c>input</c> or <c>output</c>.</param>
    /// <param name="needShape">Whether they must say how many dimensions they have.</param>
    public static void Check(IReadOnlyList<ValueFacts> values, string role, bool needShape)
    {
        var names = new HashSet<string>();
        foreach (var value in values)
        {
            if (value.Name.Length == 0)
                throw new InvalidModelException($"An {role} of the model has no name.");
            if (!names.Add(value.Name))
                throw new InvalidModelException($"Two {role}s of the model are called {Printable.Quoted(value.Name)}.");
            value.Check($"The {role} {Printable.Quoted(value.Name)}", needShape);
        }
    }

    private void Check(string what, bool needShape)
    {
        if (ElementType is { } type && Datatypes.FromOnnx((TensorElementType)type) is null)
            throw new InvalidModelException($"{what} has the element type {ElementTypes.Name(type)}, which cannot be sent or received.");
        if (BadDimension is { } dimension)
            throw new InvalidModelException($"{what} has a dimension of {dimension}, which is out of range.");
        if (needShape && IsTensorWithoutShape)
            throw new InvalidModelException($"{what} does not say how many dimensions it has: export the model with the shapes of its inputs.");
    }
}
