namespace Larder.Orchestrations.Drift;

/// <summary>
/// The population stability index (PSI) of two samples in the same bins: the sum over the bins of <c>(a - e) ln(a / e)</c>, where <c>e</c> and <c>a</c> are the
/// shares of the reference's and of the data set's values (N. Siddiqi, Credit Risk Scorecards, 2006).
/// </summary>
internal static class PopulationStability
{
    // A share of nothing would make the index infinite.
    private const double LeastShare = 1e-4;

    // Of the standard normal distribution: one of a hundred samples is beyond it.
    private const double OneInHundred = 2.3263;

    /// <summary>The index.</summary>
    /// <param name="reference">Values of the reference in each bin.</param>
    /// <param name="dataset">Values of the data set in each bin.</param>
    public static double Index(long[] reference, long[] dataset)
    {
        var (n, m) = ((double)reference.Sum(), (double)dataset.Sum());
        var index = 0.0;
        for (var bin = 0; bin < reference.Length; bin++)
        {
            if (reference[bin] == 0 && dataset[bin] == 0)
                continue;
            var (expected, actual) = (Math.Max(reference[bin] / n, LeastShare), Math.Max(dataset[bin] / m, LeastShare));
            index += (actual - expected) * Math.Log(actual / expected);
        }

        return index;
    }

    /// <summary>
    /// What the index of two samples of one distribution exceeds by chance in one of a hundred cases. It is about <c>(1/n + 1/m)</c> times a chi-squared variable
    /// with a degree of freedom less than there are bins (B. Yurdakul and J. Naranjo, Statistical properties of the population stability index, 2020), whose
    /// quantile is E. Wilson's and M. Hilferty's approximation (1931).
    /// </summary>
    /// <inheritdoc cref="Index"/>
    public static double Noise(long[] reference, long[] dataset)
    {
        var freedom = Enumerable.Range(0, reference.Length).Count(bin => reference[bin] > 0 || dataset[bin] > 0) - 1;
        if (freedom < 1)
            return 0;
        var part = 2.0 / (9 * freedom);
        return freedom * Math.Pow(1 - part + (OneInHundred * Math.Sqrt(part)), 3) * ((1.0 / reference.Sum()) + (1.0 / dataset.Sum()));
    }
}
