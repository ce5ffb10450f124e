using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Larder.Functions;

/// <summary>
/// Collects the meters named <c>Larder.*</c> and writes them in Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). OpenTelemetry's SDK aggregates; only the text is ours,
/// since the package source has none of its exporters.
/// </summary>
/// <remarks>A hosted service, so that it listens from the start and not from the first scrape.</remarks>
public sealed class PrometheusScraper : IHostedService, IDisposable
{
    /// <summary>Media type of <see cref="Scrape"/>'s answer.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Most label combinations of one metric; what comes after shares one series, so that names cannot flood a scrape.</summary>
    private const int MaxSeries = 2000;

    /// <summary>Bucket bounds in seconds: from an iris prediction to a large model's first load.</summary>
    private static readonly double[] Seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

    /// <summary>Bucket bounds for counts, such as rows of a batch.</summary>
    private static readonly double[] Counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

    private readonly Lock _scraping = new();
    private readonly TextExporter _exporter = new();
    private readonly MeterProvider _provider;

    /// <summary>Begins to listen.</summary>
    public PrometheusScraper()
    {
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("Larder.*")
            .AddView(instrument => instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal)
                ? new ExplicitBucketHistogramConfiguration { Boundaries = instrument.Unit == "s" ? Seconds : Counts, CardinalityLimit = MaxSeries }
                : new MetricStreamConfiguration { CardinalityLimit = MaxSeries })
            .AddReader(new BaseExportingMetricReader(_exporter))
            .Build();
    }

    /// <summary>The metrics as they are now.</summary>
    public byte[] Scrape()
    {
        lock (_scraping)
        {
            // Set by the reader: the one way in which it collects for an exporter that is asked.
            _exporter.Collect!(Timeout.Infinite);
            return _exporter.TakeText();
        }
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _provider.Dispose();

    [ExportModes(ExportModes.Pull)]
    private sealed class TextExporter : BaseExporter<Metric>, IPullMetricExporter
    {
        private readonly StringBuilder _text = new();

        public Func<int, bool>? Collect { get; set; }

        public byte[] TakeText()
        {
            var bytes = Encoding.UTF8.GetBytes(_text.ToString());
            _text.Clear();
            return bytes;
        }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
                Write(metric);
            return ExportResult.Success;
        }

        private void Write(Metric metric)
        {
            var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
            var name = Name(metric, isCounter);
            var kind = metric.MetricType == MetricType.Histogram ? "histogram" : isCounter ? "counter" : "gauge";
            _text.Append($"# HELP {name} {metric.Description.Replace("\\", @"\\").Replace("\n", @"\n")}\n# TYPE {name} {kind}\n");
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                var labels = Labels(point.Tags);
                switch (metric.MetricType)
                {
                    case MetricType.Histogram:
                        WriteHistogram(name, labels, point);
                        break;
                    case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                        Line(name, labels, point.GetSumLong());
                        break;
                    case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                        Line(name, labels, point.GetSumDouble());
                        break;
                    case MetricType.LongGauge:
                        Line(name, labels, point.GetGaugeLastValueLong());
                        break;
                    case MetricType.DoubleGauge:
                        Line(name, labels, point.GetGaugeLastValueDouble());
                        break;
                }
            }
        }

        private void WriteHistogram(string name, string labels, in MetricPoint point)
        {
            long cumulative = 0;
            foreach (var bucket in point.GetHistogramBuckets())
            {
                cumulative += bucket.BucketCount;
                var bound = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound);
                Line($"{name}_bucket", labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"", cumulative);
            }
            Line($"{name}_sum", labels, point.GetHistogramSum());
            Line($"{name}_count", labels, point.GetHistogramCount());
        }

        private void Line(string name, string labels, double value) =>
            _text.Append(name).Append(labels.Length == 0 ? "" : $"{{{labels}}}").Append(' ').Append(Number(value)).Append('\n');

        /// <summary>Dots become underscores; the unit and <c>_total</c> are appended, as Prometheus' naming rules ask.</summary>
        private static string Name(Metric metric, bool isCounter)
        {
            var name = metric.Name.Replace('.', '_');
            var unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            return $"{name}{(name.EndsWith(unit, StringComparison.Ordinal) ? "" : unit)}{(isCounter ? "_total" : "")}";
        }

        private static string Labels(ReadOnlyTagCollection tags)
        {
            var labels = new List<string>();
            foreach (var (key, value) in tags)
            {
                var escaped = Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");
                labels.Add($"{key.Replace('.', '_')}=\"{escaped}\"");
            }
            return string.Join(',', labels);
        }

        private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }
}
