using System.Globalization;
using System.Text;
using Larder.Orchestrations.Drift;

namespace Larder.Orchestrations.Tests.Drift;

/// <summary>The index against figures that were worked out by hand and against tables, and the bins that it is taken over.</summary>
public class PopulationStabilityTests
{
    [Fact]
    public void The_index_is_the_sum_over_the_bins()
    {
        // (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5).
        Assert.Equal(0.040547, PopulationStability.Index([50, 50], [60, 40]), 6);
        Assert.Equal(0, PopulationStability.Index([1, 2, 3], [10, 20, 30]), 12);
        // A bin without values counts as one of ten thousand; one that both lack does not count.
        Assert.Equal(((0.5 - 1e-4) * Math.Log(0.5 / 1e-4)) + ((0.5 - 1) * Math.Log(0.5)), PopulationStability.Index([100, 0, 0], [50, 50, 0]), 9);
    }

    // The 99 % points of the chi-squared distribution with 1, 9 and 99 degrees of freedom, as tables have them.
    [Theory]
    [InlineData(2, 6.635)]
    [InlineData(10, 21.666)]
    [InlineData(100, 134.642)]
    public void The_noise_is_the_quantile_of_the_chi_squared_distribution(int bins, double quantile)
    {
        var counts = Enumerable.Repeat(100L, bins).ToArray();
        Assert.InRange(PopulationStability.Noise(counts, counts) / (quantile * 2 / (100 * bins)), 0.99, 1.01);
        Assert.Equal(0, PopulationStability.Noise([7], [7]));
    }

    [Fact]
    public void Samples_of_one_distribution_exceed_the_noise_in_about_one_of_a_hundred_cases()
    {
        var random = new Random(4);
        var exceeded = 0;
        for (var trial = 0; trial < 1000; trial++)
        {
            var (reference, dataset) = (Sample(1000), Sample(400));
            exceeded += PopulationStability.Index(reference, dataset) > PopulationStability.Noise(reference, dataset) ? 1 : 0;
        }

        Assert.InRange(exceeded, 1, 25);

        long[] Sample(int size)
        {
            var counts = new long[10];
            for (var i = 0; i < size; i++)
                counts[random.Next(10)]++;
            return counts;
        }
    }

    [Fact]
    public void Numbers_are_divided_with_as_many_in_each_bin_and_what_is_missing_or_no_number_has_its_own()
    {
        var bins = BinsOf(Enumerable.Range(1, 1000).Select(i => $"{i}").Append("").Append("many"), 4);

        Assert.True(bins.IsNumeric);
        Assert.Equal(["missing", "not a number", "up to 250", "over 250 up to 500", "over 500 up to 750", "over 750"], bins.Names);
        Assert.Equal([0, 0, 0, 1, 1, 2, 2, 3, 5, 5], new[] { "", "  ", "NaN", "x", "0x10", "-1e9", " 250 ", "250.01", "1e300", "Infinity" }.Select(text => bins.Of(Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public void Few_different_numbers_have_a_bin_each()
    {
        var bins = BinsOf(Enumerable.Range(0, 300).Select(i => $"{i % 3}"), 10);

        Assert.Equal(["missing", "not a number", "up to 0", "over 0 up to 1", "over 1 up to 2", "over 2"], bins.Names);
    }

    [Fact]
    public void Texts_have_a_bin_each_the_most_frequent_first_and_rare_ones_share_one()
    {
        var bins = BinsOf(Enumerable.Range(0, 100).SelectMany(i => Enumerable.Repeat($"city {i:D2}", 100 - i)), 10);

        Assert.False(bins.IsNumeric);
        Assert.Equal(ColumnBins.MostCategories + 2, bins.Names.Count);
        Assert.Equal(["missing", "city 00", "city 01"], bins.Names.Take(3));
        Assert.Equal([1, bins.Names.Count - 1, bins.Names.Count - 1], new[] { "city 00", "city 99", "elsewhere" }.Select(text => bins.Of(Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public void A_sample_of_many_numbers_gives_their_quantiles()
    {
        var random = new Random(1);
        var sketch = new ColumnSketch(mostNumbers: 10_000, mostCategories: 50, random);
        for (var i = 0; i < 200_000; i++)
            sketch.Add(Encoding.UTF8.GetBytes(random.NextDouble().ToString(CultureInfo.InvariantCulture)));

        var bins = sketch.ToBins(2);
        Assert.Equal([2, 3], new[] { "0.47", "0.53" }.Select(text => bins.Of(Encoding.UTF8.GetBytes(text))));
    }

    private static ColumnBins BinsOf(IEnumerable<string> values, int bins)
    {
        var sketch = new ColumnSketch(mostNumbers: 10_000, mostCategories: 1000, new Random(0));
        foreach (var value in values)
            sketch.Add(Encoding.UTF8.GetBytes(value));
        return sketch.ToBins(bins);
    }
}
