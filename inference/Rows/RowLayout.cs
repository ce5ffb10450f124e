using System.Text.Json.Serialization;
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

/// <summary>What a row of an output is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RowLayoutKind>))]
public enum RowLayoutKind
{
    /// <summary>A number of values, always the same.</summary>
    [JsonStringEnumMemberName("values")] Values,

    /// <summary>A map with always the same keys.</summary>
    [JsonStringEnumMemberName("map")] Map,

    /// <summary>Something else.</summary>
    [JsonStringEnumMemberName("json")] Json,
}

/// <summary>What one row of an input is: the input without its variable first dimension, or all of it when that does not vary.</summary>
public static class RowShape
{
    /// <summary>Values in a row; -1 when that varies.</summary>
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

    /// <summary>Whether rows of so many values fit the input.</summary>
    public static bool Fits(ValueSignature input, int width)
    {
        if (WidthOf(input) is >= 0 and var known)
            return known == width;
        var (variable, others) = Inner(input);
        return variable == 1 && others > 0 && width % others == 0;
    }

    /// <summary>Dimensions of one row with so many values; the first is 1 where it varies.</summary>
    internal static long[] Of(ValueSignature input, int width)
    {
        var (_, others) = Inner(input);
        return [.. input.Shape!.Select((length, d) => length >= 0 ? length : d == 0 ? 1 : width < 0 ? -1 : width / Math.Max(1, others))];
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
