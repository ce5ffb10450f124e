namespace Larder.Infrastructure.Tests;

/// <summary>What a resource must say of itself: TLS, no keys and passwords, nothing public.</summary>
internal sealed class SecurityRule : IRule
{
    private static readonly (string Type, string Property, object[] Allowed)[] s_required =
    [
        ("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", [false]),
        ("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", [false]),
        ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", ["TLS1_2", "TLS1_3"]),
        ("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", [true]),
        ("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", ["None"]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.disableLocalAuth", [true]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.disableKeyBasedMetadataWriteAccess", [true]),
        ("Microsoft.DocumentDB/databaseAccounts", "properties.minimalTlsVersion", ["Tls12"]),
        ("Microsoft.Web/sites", "properties.httpsOnly", [true]),
        ("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", ["1.2", "1.3"]),
        ("Microsoft.Web/sites", "properties.siteConfig.scmMinTlsVersion", ["1.2", "1.3"]),
        ("Microsoft.Web/sites", "properties.siteConfig.ftpsState", ["Disabled"]),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", [false]),
        ("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", [false]),
        ("Microsoft.ContainerRegistry/registries", "properties.anonymousPullEnabled", [false]),
        ("Microsoft.Insights/components", "properties.DisableLocalAuth", [true]),
        ("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", [true]),
    ];

    public IEnumerable<Finding> Check(BicepFile file, Sources sources) =>
        from resource in file.Made
        from rule in s_required
        where rule.Type == resource.Type
        let value = resource.Body.Find(rule.Property.Split('.'))
        where !rule.Allowed.Contains(Value(value))
        select new Finding(value?.At ?? resource.At, $"{rule.Property} of '{resource.Name}' must be {string.Join(" or ", rule.Allowed)}");

    private static object? Value(Expression? expression) => expression switch
    {
        BooleanExpression boolean => boolean.Value,
        _ => expression?.Text,
    };
}
