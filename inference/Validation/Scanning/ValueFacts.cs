using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Scanning;

/// <summary>What the file says of one input or output of the model.</summary>
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
