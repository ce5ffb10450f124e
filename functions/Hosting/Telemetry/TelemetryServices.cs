using System.Reflection;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Larder.Functions.Hosting.Telemetry;

/// <summary>
/// Sends traces, metrics and logs by OpenTelemetry: to Azure Monitor with <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>, by OTLP with
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the other standard variables. Without either, nothing is collected.
/// </summary>
internal static class TelemetryServices
{
    private const string DefaultServiceName = "larder";

    /// <summary>Registers it.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The application's settings.</param>
    /// <param name="isWorker">Whether the Functions host drives this process; it has told the caller's trace to the invocation then, and traces the request itself.</param>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration, bool isWorker)
    {
        var azureMonitor = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
        var isDisabled = bool.TryParse(configuration["OTEL_SDK_DISABLED"], out var disabled) && disabled;
        var usesOtlp = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (isDisabled || !usesOtlp && string.IsNullOrEmpty(azureMonitor))
            return;

        // Azure's libraries trace their calls only on request.
        AppContext.SetSwitch("Azure.Experimental.EnableActivitySource", true);
        var telemetry = services.AddOpenTelemetry();
        if (isWorker)
            telemetry.UseFunctionsWorkerDefaults();
        telemetry
            .ConfigureResource(resource => Describe(resource, configuration))
            .WithTracing(tracing => AddSources(tracing, isWorker))
            .WithMetrics(metrics => metrics
                .AddMeter("Larder.*")
                .AddView(DurationBuckets.Of)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddProcessInstrumentation())
            .WithLogging(null, logging =>
            {
                logging.IncludeFormattedMessage = true;
                logging.IncludeScopes = true;
            });
        if (usesOtlp)
            telemetry.UseOtlpExporter();
        if (!string.IsNullOrEmpty(azureMonitor))
        {
            telemetry.UseAzureMonitorExporter(exporter =>
            {
                exporter.ConnectionString = azureMonitor;
                exporter.Credential = CredentialOf(configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]);
            });
        }
    }

    /// <summary>
    /// The identity of <c>Authorization=AAD</c>, with <c>ClientId=...</c> a user-assigned one; null without, when the connection string alone is enough.
    /// </summary>
    internal static TokenCredential? CredentialOf(string? authentication)
    {
        var parts = (authentication ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .Where(part => part.Length == 2)
            .ToDictionary(part => part[0], part => part[1], StringComparer.OrdinalIgnoreCase);
        if (!"AAD".Equals(parts.GetValueOrDefault("Authorization"), StringComparison.OrdinalIgnoreCase))
            return null;
        return new ManagedIdentityCredential(parts.TryGetValue("ClientId", out var clientId)
            ? ManagedIdentityId.FromUserAssignedClientId(clientId)
            : ManagedIdentityId.SystemAssigned);
    }

    private static void AddSources(TracerProviderBuilder tracing, bool isWorker)
    {
        tracing
            .AddSource("Larder.*", "Azure.*", "DurableTask.*", "Microsoft.DurableTask*", "Microsoft.Azure.Functions.Worker")
            .AddHttpClientInstrumentation()
            .AddProcessor(new StorageCallFilter());
        // In the worker a function does not run below ASP.NET Core's span, and the Functions host has one of the same request.
        if (!isWorker)
            tracing.AddAspNetCoreInstrumentation();
    }

    // The variables of OpenTelemetry win, wherever they are set: the environment or local.settings.json.
    private static void Describe(ResourceBuilder resource, IConfiguration configuration) => resource
        .AddService(
            configuration["OTEL_SERVICE_NAME"] ?? configuration["WEBSITE_SITE_NAME"] ?? DefaultServiceName,
            serviceVersion: typeof(TelemetryServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
        .AddEnvironmentVariableDetector();
}
