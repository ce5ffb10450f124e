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
/// <remarks>A hosted service, so that it listens from the start and not from the first scrape. Its pipeline is built on another core, while the other services are made.</remarks>
/// <param name="services">The application's services.</param>
public sealed class PrometheusScraper(IServiceProvider services) : IHostedService, IDisposable
{
    private readonly Task<(MeterProvider Provider, RequestDelegate Exporter)> _pipeline = Task.Run(() => Build(services));

    /// <summary>Answers with the metrics as they are now: Prometheus' text format 0.0.4, or OpenMetrics where the request accepts it.</summary>
    public async Task ScrapeAsync(HttpContext http) => await (await _pipeline).Exporter(http);

    /// <summary>Waits until it listens.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _pipeline.WaitAsync(cancellationToken);

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose()
    {
        Task.WaitAny(_pipeline);
        if (_pipeline.IsCompletedSuccessfully)
            _pipeline.Result.Provider.Dispose();
    }

    private static (MeterProvider Provider, RequestDelegate Exporter) Build(IServiceProvider services)
    {
        var provider = Sdk.CreateMeterProviderBuilder()
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
        return (provider, new ApplicationBuilder(services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(provider, _ => true, path: null, configureBranchedPipeline: null, optionsName: null)
            .Build());
    }
}
