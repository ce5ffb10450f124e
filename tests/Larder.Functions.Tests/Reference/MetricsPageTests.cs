using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Larder.Functions.Hosting;
using Larder.Functions.Prediction;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Sessions;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Samples;
using Larder.Registry.Storage.Cosmos;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Functions.Tests.Reference;

/// <summary>docs/reference/metrics.md: the instruments that the application makes. <c>MonitoringTests</c> compares the page with the sources.</summary>
[Collection(nameof(SharedLarder))]
public sealed partial class MetricsPageTests(LarderFixture larder)
{
    [Fact]
    public async Task The_page_on_metrics_is_that_of_this_build() => ReferenceFiles.Check("metrics.md", Page(await InstrumentsAsync()));

    [Fact]
    public async Task Every_metric_says_what_it_counts() => Assert.Empty((await InstrumentsAsync()).Where(instrument => string.IsNullOrEmpty(instrument.Description)).Select(instrument => instrument.Name));

    [Fact]
    public async Task The_page_has_every_metric_that_a_scrape_answers()
    {
        var scraped = Type().Matches(await larder.Client.GetStringAsync("/metrics")).Select(type => type.Groups["name"].Value).Where(name => !name.StartsWith("dotnet_", StringComparison.Ordinal)).ToList();
        var page = Page(await InstrumentsAsync()).ToString();

        Assert.Contains("larder_inference_loaded_models", scraped);
        Assert.All(scraped, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    private static MarkdownPage Page(IEnumerable<Instrument> instruments)
    {
        var page = new MarkdownPage("Metrics", "the instruments that the server makes");
        page.Paragraph(
            "`GET /metrics` answers them in Prometheus' text format, under the first name; OpenTelemetry sends them under the second one ([telemetry.md](../telemetry.md#metrics-and-logs)). A metric appears with its first value. "
            + "A histogram has `_bucket`, `_sum` and `_count`. A model that is not in the registry never becomes a label.");
        page.Paragraph(
            "`/metrics` also has `dotnet_*`, [.NET's own](https://learn.microsoft.com/dotnet/core/diagnostics/built-in-metrics-runtime). Collectors get those too, and the metrics of ASP.NET Core, HttpClient and the process. "
            + "[deploy](../../deploy/README.md) has a Grafana dashboard and alerts.");
        foreach (var meter in instruments.GroupBy(instrument => instrument.Meter.Name).OrderBy(meter => meter.Key == TritonMetrics.MeterName).ThenBy(meter => meter.Key, StringComparer.Ordinal))
        {
            var isTriton = meter.Key == TritonMetrics.MeterName;
            page.Heading(isTriton ? "Triton's names" : meter.Key);
            page.Paragraph(isTriton
                ? "Predictions under the names that Triton gives them, by `model` and `version`: sums since the start of the server, of all protocols. As in Triton, a request that the response cache answered counts as a success and a wait, and not as an inference. "
                    + "They are in `/metrics` alone; collectors get Larder's own."
                : $"The meter `{meter.Key}`.");
            page.Table(
                isTriton ? ["in Prometheus", "kind", "what"] : ["in Prometheus", "in OpenTelemetry", "kind", "unit", "what"],
                meter.OrderBy(instrument => instrument.Name, StringComparer.Ordinal).Select(instrument => isTriton
                    ? new[] { MarkdownPage.Code(instrument.Name), "sum", MarkdownPage.Plain(instrument.Description!) }
                    : [MarkdownPage.Code(PrometheusName(instrument)), MarkdownPage.Code(instrument.Name), Kind(instrument), Unit(instrument), MarkdownPage.Plain(instrument.Description!)]));
        }

        return page;
    }

    // What the classes make that measure, in an application of this test's own.
    private static async Task<IReadOnlyList<Instrument>> InstrumentsAsync()
    {
        var builder = FunctionsApplication.CreateBuilder(
        [
            // What the Functions host passes to a worker; nothing listens there.
            "--Functions:Worker:HostEndpoint=http://127.0.0.1:1", "--Functions:Worker:WorkerId=worker", "--Functions:Worker:RequestId=request", "--Functions:Worker:GrpcMaxMessageLength=1024",
            "--AzureWebJobsStorage=UseDevelopmentStorage=true",
        ]);
        builder.AddLarder();
        await using var provider = builder.Services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IMeterFactory>();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == factory)
                instruments.Add(instrument);
        };
        listener.Start();
        foreach (var type in new[] { typeof(PredictionMetrics), typeof(JobMetrics), typeof(SampleGate), typeof(CosmosMetrics), typeof(SessionCache) })
            provider.GetRequiredService(type);
        Assert.True(instruments.Count > 30, $"{instruments.Count}");
        return [.. instruments.Where(instrument => instrument.Meter.Name.StartsWith("Larder.", StringComparison.Ordinal) || instrument.Meter.Name == TritonMetrics.MeterName)];
    }

    // As OpenTelemetry's exporter makes them.
    private static string PrometheusName(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return (name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit) + (Kind(instrument) == "counter" ? "_total" : "");
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" => "counter",
        "Histogram" => "histogram",
        "ObservableUpDownCounter" or "ObservableGauge" => "gauge",
        var other => throw new InvalidOperationException($"The page has no word for {other}."),
    };

    private static string Unit(Instrument instrument) => instrument.Unit switch
    {
        "s" => "seconds",
        "By" => "bytes",
        null or "" => "",
        var unit => unit.Trim('{', '}').Replace('_', ' ') + "s",
    };

    [GeneratedRegex(@"^# TYPE (?<name>\w+) ", RegexOptions.Multiline)]
    private static partial Regex Type();
}
