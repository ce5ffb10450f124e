using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>
/// Every resource that has logs sends some of them to the workspace. Azure refuses a category that the type does not have, and only when it deploys, so the
/// categories are those that its reference lists.
/// </summary>
internal static class DiagnosticsRule
{
    private const string Settings = "Microsoft.Insights/diagnosticSettings";

    private static readonly Dictionary<string, string[]> Categories = new()
    {
        ["Microsoft.App/managedEnvironments"] = ["AppEnvSpringAppConsoleLogs", "ContainerAppConsoleLogs", "ContainerAppSystemLogs"],
        ["Microsoft.ContainerRegistry/registries"] = ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"],
        ["Microsoft.DocumentDB/databaseAccounts"] = ["ControlPlaneRequests", "DataPlaneRequests", "PartitionKeyRUConsumption", "PartitionKeyStatistics", "QueryRuntimeStatistics"],
        ["Microsoft.EventGrid/systemTopics"] = ["DeliveryFailures"],
        ["Microsoft.Network/networkSecurityGroups"] = ["NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"],
        ["Microsoft.Network/publicIPAddresses"] = ["DDoSMitigationFlowLogs", "DDoSMitigationReports", "DDoSProtectionNotifications"],
        ["Microsoft.Network/virtualNetworks"] = ["VMProtectionAlerts"],
        ["Microsoft.OperationalInsights/workspaces"] = ["Audit"],
        ["Microsoft.Storage/storageAccounts/blobServices"] = ["StorageDelete", "StorageRead", "StorageWrite"],
        ["Microsoft.Web/sites"] = ["AppServiceAuthenticationLogs", "FunctionAppLogs"],
    };

    /// <summary>Types whose resources send metrics at most, or whose logs are those of what they belong to.</summary>
    private static readonly HashSet<string> Silent =
    [
        Settings,
        "Microsoft.App/containerApps",
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
        "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments",
        "Microsoft.Insights/components",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/privateDnsZones",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "Microsoft.Network/privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        "Microsoft.Storage/storageAccounts/managementPolicies",
        "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
        "Microsoft.Web/sites/config",
    ];

    public static IEnumerable<string> Findings(Deployment deployment)
    {
        var types = deployment.Resources.Select(resource => Deployment.Text(resource, "type")).Distinct();
        foreach (var type in types.Where(type => !Silent.Contains(type) && !Categories.ContainsKey(type)))
            yield return $"{type}: say here whether it has logs";
        foreach (var (type, known) in Categories)
        {
            foreach (var resource in deployment.Of(type))
            {
                var sent = CategoriesOf(deployment, Deployment.Text(resource, "id")).ToList();
                if (sent.Count == 0)
                    yield return $"{type} sends no logs to the workspace";
                foreach (var category in sent.Except(known))
                    yield return $"{type} has no logs {category}";
            }
        }
    }

    private static IEnumerable<string> CategoriesOf(Deployment deployment, string id) =>
        from settings in deployment.Of(Settings)
        where Deployment.Text(settings, "id").StartsWith($"{id}/providers/{Settings}/", StringComparison.Ordinal) && Deployment.Text(settings, "properties.workspaceId").Length > 0
        from log in Deployment.Find(settings, "properties.logs")?.AsArray() ?? []
        where Deployment.Text(log!, "enabled") == "true"
        select Deployment.Text(log!, "category");
}
