namespace Larder.Registry.Search;

/// <summary>The value by which an item is ordered. Whatever the direction, NaN comes behind all numbers, and an item without a value last.</summary>
/// <param name="Rank">0 for a value, 1 for NaN, 2 for none.</param>
/// <param name="Number">The number, of a number.</param>
/// <param name="Text">The text, of a text.</param>
internal readonly record struct SortKey(int Rank, double Number, string? Text)
{
    public static SortKey Of(double? number) => number switch
    {
        null => new SortKey(2, 0, null),
        double.NaN => new SortKey(1, 0, null),
        _ => new SortKey(0, number.Value, null),
    };

    public static SortKey Of(string? text) => text is null ? new SortKey(2, 0, null) : new SortKey(0, 0, text);

    public static int Compare(in SortKey x, in SortKey y, bool isDescending)
    {
        if (x.Rank != y.Rank)
            return x.Rank.CompareTo(y.Rank);
        var order = x.Text is null ? x.Number.CompareTo(y.Number) : string.CompareOrdinal(x.Text, y.Text);
        return isDescending ? -order : order;
    }
}
