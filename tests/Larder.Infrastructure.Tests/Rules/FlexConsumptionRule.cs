using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>What Flex Consumption asks of plan, app and settings.</summary>
internal static class FlexConsumptionRule
{
    private const string Plan = "Microsoft.Web/serverfarms";
    private const string Site = "Microsoft.Web/sites";

    private static readonly (string Type, string Property, string[] Allowed)[] Required =
    [
        (Plan, "sku.name", ["FC1"]),
        (Plan, "sku.tier", ["FlexConsumption"]),
        (Plan, "properties.reserved", ["true"]),
        (Site, "kind", ["functionapp,linux"]),
        (Site, "identity.type", ["UserAssigned"]),
        (Site, "properties.functionAppConfig.runtime.name", ["dotnet-isolated"]),
        (Site, "properties.functionAppConfig.deployment.storage.type", ["blobContainer"]),
        (Site, "properties.functionAppConfig.deployment.storage.authentication.type", ["UserAssignedIdentity"]),
        (Site, "properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB", ["512", "2048", "4096"]),
        (Site, "properties.siteConfig.alwaysOn", [""]),
        (Site, "properties.siteConfig.linuxFxVersion", [""]),
    ];

    /// <summary>Settings that Flex Consumption has in functionAppConfig instead, or not at all; with the prefix WEBSITE_ there are more.</summary>
    private static readonly HashSet<string> Refused =
    [
        "AzureWebJobsStorage", "ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_MAX_HTTP_CONCURRENCY", "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED",
        "FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_RUNTIME_VERSION", "SCM_DO_BUILD_DURING_DEPLOYMENT",
    ];

    /// <param name="deployment">What is deployed.</param>
    /// <param name="framework">The target framework that the app is built for.</param>
    public static IEnumerable<string> Findings(Deployment deployment, string framework)
    {
        foreach (var (type, property, allowed) in Required.Append((Site, "properties.functionAppConfig.runtime.version", [framework.Replace("net", "", StringComparison.Ordinal)])))
        {
            var value = Deployment.Text(deployment.Of(type).Single(), property);
            if (!allowed.Contains(value))
                yield return $"{property} of {type} is '{value}', not {string.Join(" or ", allowed.Select(one => one.Length > 0 ? one : "left out"))}";
        }

        foreach (var name in deployment.Settings.Keys.Where(name => Refused.Contains(name) || name.StartsWith("WEBSITE_", StringComparison.Ordinal)))
            yield return $"the setting {name} is of another plan";
    }
}
