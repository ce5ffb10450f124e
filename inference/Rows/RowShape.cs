using Larder.Inference.Signatures;

namespace Larder.Inference.Rows;

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
