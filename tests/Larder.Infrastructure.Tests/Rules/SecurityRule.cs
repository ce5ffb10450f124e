using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>What a resource must say of itself, since the defaults are weaker: HTTPS only, TLS 1.2, no keys and passwords, nothing for anonymous readers.</summary>
internal static class SecurityRule
{
    private static readonly (string Type, string Property, string[] Allowed)[] Required =
    [
        ("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", ["false"]),
        ("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", ["false"]),
        ("Microsoft.Storage/storageAccounts", "properties.allowCrossTenantReplication", ["false"]),
        ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", ["TLS1_2", "TLS1_3"]),
        ("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", ["true"]),
        ("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", ["None"]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.disableLocalAuth", ["true"]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.disableKeyBasedMetadataWriteAccess", ["true"]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.minimalTlsVersion", ["Tls12"]),
        ("Microsoft.Web/sites", "properties.httpsOnly", ["true"]),
        ("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", ["1.2", "1.3"]),
        ("Microsoft.Web/sites", "properties.siteConfig.scmMinTlsVersion", ["1.2", "1.3"]),
        ("Microsoft.Web/sites", "properties.siteConfig.ftpsState", ["Disabled"]),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", ["false"]),
        ("Microsoft.App/containerApps", "properties.configuration.ingress.allowInsecure", ["false"]),
        ("Microsoft.App/containerApps", "properties.configuration.secrets", [""]),
        ("Microsoft.App/managedEnvironments", "properties.appLogsConfiguration.destination", ["azure-monitor"]),
        ("Microsoft.App/managedEnvironments", "properties.appLogsConfiguration.logAnalyticsConfiguration", [""]),
        ("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", ["false"]),
        ("Microsoft.ContainerRegistry/registries", "properties.anonymousPullEnabled", ["false"]),
        ("Microsoft.Insights/components", "properties.DisableLocalAuth", ["true"]),
        ("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", ["true"]),
    ];

    public static IEnumerable<string> Findings(Deployment deployment) =>
        from required in Required
        from resource in deployment.Of(required.Type)
        let value = Deployment.Text(resource, required.Property)
        where !required.Allowed.Contains(value, StringComparer.Ordinal)
        select $"{required.Property} of {required.Type} is '{value}', not {string.Join(" or ", required.Allowed.Select(one => one.Length > 0 ? one : "left out"))}";
}
