namespace Larder.Inference.Signatures;

/// <summary>Shapes of inputs that are made up: the zeros that a model is validated and warmed with.</summary>
internal static class SampleShapes
{
    // No request has more, and a run would only become slow.
    private const long MaxBytes = 256 << 20;
    private const int BytesOfAString = 16;

    /// <summary>The inputs' shapes with the first dimension, where it varies, taken as a number of rows; null when others vary, too, or all together are huge.</summary>
    /// <param name="signature">The model's inputs.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="length">What other dimensions are taken as where they vary.</param>
    public static long[][]? Of(ModelSignature signature, int rows, int length = -1)
    {
        var shapes = signature.Inputs.Select(input => Shape(input, rows, length)).ToArray();
        if (Array.Exists(shapes, shape => Array.Exists(shape, dimension => dimension < 0)))
            return null;
        var bytes = shapes.Zip(signature.Inputs, (shape, input) =>
            shape.Aggregate((Int128)Math.Max(BytesOfAString, input.Datatype!.Value.Size()), (product, dimension) => Int128.Min(product * dimension, MaxBytes + 1)));
        return bytes.Aggregate((Int128)0, (sum, next) => sum + next) <= MaxBytes ? shapes : null;
    }

    private static long[] Shape(ValueSignature input, int rows, int length) =>
        [.. input.Shape!.Select((dimension, i) => dimension >= 0 ? dimension : i == 0 ? rows : length)];
}
