using Larder.Inference.Signatures;

namespace Larder.Inference.Rows;

/// <summary>What a row of an output is, where it is to become columns.</summary>
/// <param name="Kind">One of three.</param>
/// <param name="Count">Values of a row; 1 for <see cref="RowLayoutKind.Json"/>.</param>
/// <param name="Keys">Keys of a map, in order.</param>
public sealed record RowLayout(RowLayoutKind Kind, int Count, IReadOnlyList<string>? Keys = null)
{
    /// <summary>One column with the value as JSON.</summary>
    public static RowLayout Json { get; } = new(RowLayoutKind.Json, 1);

    /// <summary>What the signature says of an output's rows; <see cref="Json"/> where only a run can tell.</summary>
    public static RowLayout Of(ValueSignature output) =>
        output.Kind == ValueKind.Tensor && RowShape.WidthOf(output) is >= 0 and var width ? new(RowLayoutKind.Values, (int)width) : Json;
}
