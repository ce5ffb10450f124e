using System.Globalization;
using System.Text;

namespace Larder.Orchestrations.Drift;

/// <summary>What a pass over the reference has seen of a column: enough to divide its values into bins.</summary>
/// <param name="mostNumbers">Numbers that are kept, as a random sample of all.</param>
/// <param name="mostCategories">Different texts that are counted; further ones are not told apart.</param>
/// <param name="random">Chooses the sample.</param>
internal sealed class ColumnSketch(int mostNumbers, int mostCategories, Random random)
{
    private readonly List<double> _numbers = [];
    private readonly Dictionary<string, long> _categories = new(StringComparer.Ordinal);
    private readonly char[] _text = new char[CellValue.MostChars];
    private long _numberCount;
    private long _textCount;

    /// <summary>Takes a value.</summary>
    public void Add(ReadOnlySpan<byte> value)
    {
        value = CellValue.Trim(value);
        if (CellValue.IsMissing(value))
            return;
        if (CellValue.TryNumber(value, out var number))
            AddNumber(number);
        else
            _textCount++;
        var text = CellValue.TextOf(value, _text);
        var categories = _categories.GetAlternateLookup<ReadOnlySpan<char>>();
        if (categories.TryGetValue(text, out var count))
            categories[text] = count + 1;
        else if (_categories.Count < mostCategories)
            categories[text] = 1;
    }

    /// <summary>The bins: quantiles where most values are numbers, else the most frequent values.</summary>
    /// <param name="bins">How many, besides those for what is missing and what is not a number.</param>
    public ColumnBins ToBins(int bins)
    {
        if (_numberCount <= _textCount)
            return ColumnBins.OfCategories([.. _categories.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(ColumnBins.MostCategories).Select(pair => pair.Key)]);
        _numbers.Sort();
        var edges = Enumerable.Range(1, bins - 1).Select(i => _numbers[(int)((long)i * (_numbers.Count - 1) / bins)]).Distinct();
        return ColumnBins.OfNumbers([.. edges]);
    }

    // Reservoir sampling: each number is in the sample with the same probability.
    private void AddNumber(double number)
    {
        _numberCount++;
        if (_numbers.Count < mostNumbers)
            _numbers.Add(number);
        else if (random.NextInt64(_numberCount) is var place && place < mostNumbers)
            _numbers[(int)place] = number;
    }
}

/// <summary>Bins of a column's values. The first is for what is missing. One reader at a time.</summary>
internal sealed class ColumnBins
{
    /// <summary>Values that have a bin of their own; all others share one.</summary>
    public const int MostCategories = 50;

    private const string Missing = "missing";
    private const int Before = 2;

    private readonly double[]? _edges;
    private readonly Dictionary<string, int>? _categories;
    private readonly char[] _text = new char[CellValue.MostChars];

    private ColumnBins(IReadOnlyList<string> names, double[]? edges, Dictionary<string, int>? categories) => (Names, _edges, _categories) = (names, edges, categories);

    /// <summary>What each bin has, in words.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether values are numbers.</summary>
    public bool IsNumeric => _edges is not null;

    /// <summary>Bins of numbers: up to each edge, and beyond the last. A text among the numbers has a bin of its own.</summary>
    /// <param name="edges">Ascending, each once.</param>
    public static ColumnBins OfNumbers(double[] edges)
    {
        var names = new List<string> { Missing, "not a number" };
        for (var i = 0; i <= edges.Length; i++)
        {
            var (from, to) = (i == 0 ? null : Text(edges[i - 1]), i == edges.Length ? null : Text(edges[i]));
            names.Add((from, to) switch
            {
                (null, null) => "any number",
                (null, _) => $"up to {to}",
                (_, null) => $"over {from}",
                _ => $"over {from} up to {to}",
            });
        }

        return new ColumnBins(names, edges, null);
    }

    /// <summary>Bins of texts: one for each, and one for all others.</summary>
    public static ColumnBins OfCategories(IReadOnlyList<string> categories) =>
        new([Missing, .. categories, "any other"], null, categories.Index().ToDictionary(category => category.Item, category => category.Index + 1, StringComparer.Ordinal));

    /// <summary>The bin of a value.</summary>
    public int Of(ReadOnlySpan<byte> value)
    {
        value = CellValue.Trim(value);
        if (CellValue.IsMissing(value))
            return 0;
        if (_edges is null)
            return _categories!.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(CellValue.TextOf(value, _text), out var bin) ? bin : Names.Count - 1;
        if (!CellValue.TryNumber(value, out var number))
            return 1;
        var at = Array.BinarySearch(_edges, number);
        return Before + (at < 0 ? ~at : at);
    }

    private static string Text(double number) => number.ToString("G6", CultureInfo.InvariantCulture);
}

/// <summary>What a field of a data set says.</summary>
internal static class CellValue
{
    /// <summary>Longer texts that begin alike count as one.</summary>
    public const int MostChars = 256;

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value) => value.Trim((byte)' ');

    /// <summary>Whether nothing is there, or NaN, by which many tools write that.</summary>
    public static bool IsMissing(ReadOnlySpan<byte> value) => value.IsEmpty || Ascii.EqualsIgnoreCase(value, "nan"u8);

    public static bool TryNumber(ReadOnlySpan<byte> value, out double number) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <summary>A value as text; what is no UTF-8 in it becomes U+FFFD.</summary>
    /// <param name="value">The value.</param>
    /// <param name="text">Room for it, <see cref="MostChars"/> characters.</param>
    public static ReadOnlySpan<char> TextOf(ReadOnlySpan<byte> value, char[] text) => text.AsSpan(0, Encoding.UTF8.GetChars(value[..Math.Min(value.Length, MostChars)], text));
}
