using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Functions;

/// <summary>
/// Compiled for the official worker only. Logs and dependencies go from the worker to Application Insights directly, with their properties, in the operation of
/// the host's request; where to and as whom say <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> and <c>APPLICATIONINSIGHTS_AUTHENTICATION_STRING</c>.
/// </summary>
internal static partial class LarderServices
{
    private const string Provider = "Microsoft.Extensions.Logging.ApplicationInsights.ApplicationInsightsLoggerProvider";

    static partial void AddTelemetry(IServiceCollection services)
    {
        services.AddApplicationInsightsTelemetryWorkerService();
        services.ConfigureFunctionsApplicationInsights();
        services.Configure<LoggerFilterOptions>(filters =>
        {
            // The SDK adds a rule that drops what is not a warning.
            if (filters.Rules.FirstOrDefault(rule => rule.ProviderName == Provider) is { } warningsOnly)
                filters.Rules.Remove(warningsOnly);
            // host.json's levels are the host's, not the worker's: lines for every request are the platform's to write.
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore", LogLevel.Warning, null));
            filters.Rules.Add(new LoggerFilterRule(null, "Azure", LogLevel.Warning, null));
        });
    }
}
