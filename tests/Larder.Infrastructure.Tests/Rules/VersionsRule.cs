namespace Larder.Infrastructure.Tests;

/// <summary>Resources are of a type and version that someone looked up: one version for a type.</summary>
internal sealed class VersionsRule : IRule
{
    private static readonly Dictionary<string, string> s_versions = new()
    {
        ["Microsoft.Authorization/roleAssignments"] = "2022-04-01",
        ["Microsoft.ContainerRegistry/registries"] = "2023-07-01",
        ["Microsoft.DocumentDB/databaseAccounts"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlDatabases"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"] = "2024-11-15",
        ["Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"] = "2024-11-15",
        ["Microsoft.EventGrid/systemTopics"] = "2025-02-15",
        ["Microsoft.Insights/components"] = "2020-02-02",
        ["Microsoft.Insights/diagnosticSettings"] = "2021-05-01-preview",
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "2023-01-31",
        ["Microsoft.Network/natGateways"] = "2024-05-01",
        ["Microsoft.Network/networkSecurityGroups"] = "2024-05-01",
        ["Microsoft.Network/privateDnsZones"] = "2024-06-01",
        ["Microsoft.Network/privateDnsZones/virtualNetworkLinks"] = "2024-06-01",
        ["Microsoft.Network/privateEndpoints"] = "2024-05-01",
        ["Microsoft.Network/privateEndpoints/privateDnsZoneGroups"] = "2024-05-01",
        ["Microsoft.Network/publicIPAddresses"] = "2024-05-01",
        ["Microsoft.Network/virtualNetworks"] = "2024-05-01",
        ["Microsoft.Network/virtualNetworks/subnets"] = "2024-05-01",
        ["Microsoft.OperationalInsights/workspaces"] = "2023-09-01",
        ["Microsoft.Storage/storageAccounts"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/blobServices"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = "2023-05-01",
        ["Microsoft.Storage/storageAccounts/managementPolicies"] = "2023-05-01",
        ["Microsoft.Web/serverfarms"] = "2024-11-01",
        ["Microsoft.Web/sites"] = "2024-11-01",
        ["Microsoft.Web/sites/basicPublishingCredentialsPolicies"] = "2024-11-01",
        ["Microsoft.Web/sites/config"] = "2024-11-01",
    };

    public IEnumerable<Finding> Check(BicepFile file, Sources sources) =>
        from resource in file.All<ResourceDeclaration>()
        let version = s_versions.GetValueOrDefault(resource.Type)
        where version != resource.Version
        select new Finding(resource.At, version is null
            ? $"'{resource.Type}' is no type that this rule knows"
            : $"'{resource.Type}' is used in version {version}; got {resource.Version}");
}
