using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Larder.Functions;

public static partial class LarderServices
{
    /// <summary>
    /// Sends logs, traces and metrics by OpenTelemetry: to Azure Monitor with <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>, by OTLP with
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the other standard variables. Without either, nothing is collected.
    /// </summary>
    private static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var azureMonitor = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 };
        var otlp = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (!azureMonitor && !otlp)
            return;

        var telemetry = services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource("Larder.*", "Azure.*", "Microsoft.AspNetCore", "DurableTask.*"))
            .WithMetrics(metrics => metrics.AddMeter("Larder.*", "Microsoft.AspNetCore.*"));
        if (azureMonitor)
            telemetry.UseAzureMonitorExporter();
        if (otlp)
            telemetry.UseOtlpExporter();
    }
}
