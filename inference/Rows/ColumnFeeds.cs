using Larder.Inference.Signatures;

namespace Larder.Inference.Rows;

/// <summary>Which columns of a table of single values make up the rows of which input.</summary>
public static class ColumnFeeds
{
    /// <summary>The columns that are called as an input: <c>x</c> if its rows have one value, else <c>x_0</c>, <c>x_1</c> ...; null when they are not there.</summary>
    /// <param name="input">The input.</param>
    /// <param name="columns">Names of the columns.</param>
    public static IReadOnlyList<string>? Named(ValueSignature input, IReadOnlySet<string> columns)
    {
        if (columns.Contains(input.Name) && RowShape.Fits(input, 1))
            return [input.Name];
        var width = RowShape.WidthOf(input);
        if (width < 1 || width > columns.Count)
            return null;
        var names = Enumerable.Range(0, (int)width).Select(i => NameOf(input, (int)width, i)).ToList();
        return names.All(columns.Contains) ? names : null;
    }

    /// <summary>The column of a place in the rows of an input.</summary>
    internal static string NameOf(ValueSignature input, int width, int place) => width == 1 ? input.Name : FormattableString.Invariant($"{input.Name}_{place}");

    /// <summary>How many columns each input takes when they are fed in their order; null when they are too few or too many.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="columns">How many columns there are.</param>
    public static IReadOnlyList<int>? Widths(IReadOnlyList<ValueSignature> inputs, int columns)
    {
        var widths = inputs.Select(RowShape.WidthOf).ToList();
        var known = widths.Where(width => width >= 0).Sum();
        var open = widths.FindIndex(width => width < 0);
        if (open >= 0 && widths.Count(width => width < 0) == 1 && columns > known && RowShape.Fits(inputs[open], (int)(columns - known)))
            widths[open] = columns - known;
        return widths.Contains(-1) || widths.Sum() != columns ? null : [.. widths.Select(width => (int)width)];
    }
}
