using Larder.Functions.Hosting.Telemetry;
using Larder.Functions.Prediction;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Larder.Functions.Operations;

/// <summary>
/// Collects the meters named <c>Larder.*</c>, <see cref="TritonMetrics"/> and .NET's own of memory and threads, and answers scrapes by OpenTelemetry's Prometheus exporter. That is middleware for a route of its own; a function has a route
/// already, with a role and a key, so the exporter's pipeline is built apart and called with the function's request.
/// </summary>
/// <remarks>A hosted service, so that it listens from the start and not from the first scrape.</remarks>
public sealed class PrometheusScraper : IHostedService, IDisposable
{
    private readonly MeterProvider _provider;
    private readonly RequestDelegate _exporter;

    /// <summary>Begins to listen.</summary>
    /// <param name="services">The application's services.</param>
    public PrometheusScraper(IServiceProvider services)
    {
        _provider = Sdk.CreateMeterProviderBuilder()
            // OTEL_SDK_DISABLED and its like are about what is sent; this is asked for.
            .ConfigureServices(own => own.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()))
            .AddMeter("Larder.*", TritonMetrics.MeterName, "System.Runtime")
            .AddView(DurationBuckets.Of)
            .AddPrometheusExporter(exporter =>
            {
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
                exporter.ScrapeResponseCacheDurationMilliseconds = 0;
            })
            .Build();
        _exporter = new ApplicationBuilder(services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(_provider, _ => true, path: null, configureBranchedPipeline: null, optionsName: null)
            .Build();
    }

    /// <summary>Answers with the metrics as they are now: Prometheus' text format 0.0.4, or OpenMetrics where the request accepts it.</summary>
    public Task ScrapeAsync(HttpContext http) => _exporter(http);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _provider.Dispose();
}
