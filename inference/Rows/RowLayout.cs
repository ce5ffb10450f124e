using System.Text.Json.Serialization;
using Larder.Inference.Signatures;

namespace Larder.Inference.Rows;

/// <summary>Layout of an output's rows, for writing them as columns.</summary>
/// <param name="Kind">Kind of the rows.</param>
/// <param name="Count">Number of values in a row; 1 for <see cref="RowLayoutKind.Json"/>.</param>
/// <param name="Keys">Keys of a map, in order.</param>
public sealed record RowLayout(RowLayoutKind Kind, int Count, IReadOnlyList<string>? Keys = null)
{
    /// <summary>One column with the value as JSON.</summary>
    public static RowLayout Json { get; } = new(RowLayoutKind.Json, 1);

    /// <summary>The layout that follows from the signature; <see cref="Json"/> if only a run can tell.</summary>
    public static RowLayout Of(ValueSignature output) =>
        output.Kind == ValueKind.Tensor && RowShape.WidthOf(output) is >= 0 and var width ? new(RowLayoutKind.Values, (int)width) : Json;
}

/// <summary>Kind of an output's rows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RowLayoutKind>))]
public enum RowLayoutKind
{
    /// <summary>A fixed number of values.</summary>
    [JsonStringEnumMemberName("values")] Values,

    /// <summary>A map whose keys are the same in every row.</summary>
    [JsonStringEnumMemberName("map")] Map,

    /// <summary>Any other value.</summary>
    [JsonStringEnumMemberName("json")] Json,
}

/// <summary>Shape of one row of an input: the input without its variable first dimension, or the whole input if that does not vary.</summary>
public static class RowShape
{
    /// <summary>Number of values in a row; -1 if it varies.</summary>
    public static long WidthOf(ValueSignature input)
    {
        var width = 1L;
        foreach (var length in input.Shape!.Skip(input.HasVariableBatch ? 1 : 0))
        {
            if (length < 0)
                return -1;
            // No data set has rows of so many values; below, nothing overflows.
            width = Math.Min(width * length, int.MaxValue);
        }

        return width;
    }

    /// <summary>Whether rows of this number of values fit the input.</summary>
    public static bool Fits(ValueSignature input, int width)
    {
        if (WidthOf(input) is >= 0 and var known)
            return known == width;
        var (variable, others) = Inner(input);
        return variable == 1 && others > 0 && width % others == 0;
    }

    /// <summary>Number of columns of an input that has columns, one value in each row: -1 if the number varies, null if it has no columns.</summary>
    public static long? ColumnsOf(ValueSignature input) => input.Shape switch
    {
        [_, var columns] => columns,
        [-1] => 1,
        [var columns] => columns,
        _ => null,
    };

    /// <summary>Dimensions of one row with this number of values; the first is 1 if it varies.</summary>
    internal static long[] Of(ValueSignature input, int width)
    {
        var (_, others) = Inner(input);
        return [.. input.Shape!.Select((length, d) => length >= 0 ? length : d == 0 ? 1 : width < 0 ? -1 : width / Math.Max(1, others))];
    }

    /// <summary>Dimensions of an input with rows of a number of values each; null when it does not take so many of them.</summary>
    internal static long[]? Of(ValueSignature input, int rows, int width)
    {
        var shape = Of(input, width);
        if (input.HasVariableBatch)
            shape[0] = rows;
        return shape.Aggregate((Int128)1, (product, length) => product * length) == (Int128)rows * width ? shape : null;
    }

    /// <summary>Dimensions of several rows, for inputs whose first dimension varies.</summary>
    internal static long[] Times(long[] row, int rows)
    {
        var shape = (long[])row.Clone();
        if (rows > 1)
            shape[0] = rows;
        return shape;
    }

    private static (int Variable, long Others) Inner(ValueSignature input)
    {
        var (variable, others) = (0, 1L);
        foreach (var length in input.Shape!.Skip(input.HasVariableBatch ? 1 : 0))
        {
            if (length < 0)
                variable++;
            else
                others = Math.Min(others * length, int.MaxValue);
        }

        return (variable, others);
    }
}
