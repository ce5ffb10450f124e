using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Larder.Functions.Hosting.Telemetry;

/// <summary>How Larder's own instruments are aggregated, for <c>/metrics</c> and for exporters.</summary>
internal static class DurationBuckets
{
    /// <summary>Most label combinations of one metric; what comes after shares one series, so that names cannot flood a scrape.</summary>
    private const int MaxSeries = 2000;

    /// <summary>Bucket bounds in seconds: from an iris prediction to a large model's first load.</summary>
    private static readonly double[] Seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

    /// <summary>Bucket bounds for counts, such as rows of a batch.</summary>
    private static readonly double[] Counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

    /// <summary>The view of an instrument; null for one that is not Larder's.</summary>
    public static MetricStreamConfiguration? Of(Instrument instrument) =>
        !instrument.Meter.Name.StartsWith("Larder.", StringComparison.Ordinal) ? null
        : instrument is Histogram<double> or Histogram<long>
            ? new ExplicitBucketHistogramConfiguration { Boundaries = instrument.Unit == "s" ? Seconds : Counts, CardinalityLimit = MaxSeries }
            : new MetricStreamConfiguration { CardinalityLimit = MaxSeries };
}
