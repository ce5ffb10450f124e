using System.Text.Json.Nodes;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>The template keeps to every rule, and each rule finds the template that does not.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed class RuleTests(CompiledInfrastructure infrastructure)
{
    private const string Site = "Microsoft.Web/sites";
    private const string Storage = "Microsoft.Storage/storageAccounts";
    private const string Cosmos = "Microsoft.DocumentDB/databaseAccounts";
    private const string Assignment = "Microsoft.Authorization/roleAssignments";
    private const string Framework = "net10.0";

    private static readonly AppFacts App = AppFacts.Read();

    private Deployment Everything => infrastructure.Everything;

    [BicepFact]
    public void Identities_have_the_roles_that_Larder_needs_and_no_others()
    {
        Assert.Empty(RolesRule.Findings(infrastructure.Plain));
        Assert.Empty(RolesRule.Findings(Everything));
        Assert.Equal(RolesRule.Needed.OrderBy(grant => grant.ToString()), RolesRule.Grants(Everything).OrderBy(grant => grant.ToString()));
    }

    [BicepTheory]
    [InlineData("properties.roleDefinitionId", "/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c",
        "app has b24988ac-6180-42a0-ab88-20f7382dd24c on Microsoft.Storage/storageAccounts, which Larder does not need")]
    [InlineData("properties.roleDefinitionId", "/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d", "app has acrPull on Microsoft.Storage/storageAccounts, which Larder does not need")]
    [InlineData("properties.principalId", "[reference('identities').outputs.trainingPrincipalId.value]",
        "training has storageBlobDataOwner on Microsoft.Storage/storageAccounts, which Larder does not need")]
    [InlineData("id", "/subscriptions/1/providers/Microsoft.Authorization/roleAssignments/2",
        "app has storageBlobDataOwner on /subscriptions/1/providers/Microsoft.Authorization/roleAssignments/2, which Larder does not need")]
    [InlineData("id", "[resourceId('1', 'larder-rg', 'Microsoft.Authorization/roleAssignments', guid('x'))]", "app has storageBlobDataOwner on resource group, which Larder does not need")]
    [InlineData("properties.principalType", "User",
        "app has storageBlobDataOwner on Microsoft.Storage/storageAccounts without the principal type ServicePrincipal: a new identity may not be found yet")]
    [InlineData("name", "[newGuid()]",
        "app has storageBlobDataOwner on Microsoft.Storage/storageAccounts under a name that is not guid(scope, principal, role): the second deployment would fail or make another")]
    public void A_role_too_many_or_too_wide_is_found(string property, string value, string finding) =>
        Assert.Equal([finding], RolesRule.Findings(Everything.With(Assignment, property, $"\"{value}\"")));

    [BicepFact]
    public void A_role_of_Cosmos_DB_that_changes_the_account_is_found() => Assert.Equal(
        ["a role of Cosmos DB other than Data Contributor"],
        RolesRule.Findings(Everything.With("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments", "properties.roleDefinitionId", "\"x\"")));

    [Fact]
    public void Names_of_roles_stand_for_those_roles() => Assert.Equal(
        RolesRule.BuiltIn.OrderBy(role => role.Key),
        JsonNode.Parse(Repository.Read("infra-bicep/roles.json"))!.AsObject().Select(role => KeyValuePair.Create(role.Key, role.Value!.ToString())).OrderBy(role => role.Key));

    [BicepFact]
    public void Nothing_is_reached_without_TLS_or_with_a_key()
    {
        Assert.Empty(SecurityRule.Findings(infrastructure.Plain));
        Assert.Empty(SecurityRule.Findings(Everything));
    }

    [BicepTheory]
    [InlineData(Storage, "properties.allowSharedKeyAccess", "true")]
    [InlineData(Storage, "properties.allowSharedKeyAccess", null)]
    [InlineData(Storage, "properties.allowBlobPublicAccess", null)]
    [InlineData(Storage, "properties.minimumTlsVersion", "\"TLS1_0\"")]
    [InlineData(Storage, "properties.supportsHttpsTrafficOnly", "false")]
    [InlineData("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", "\"Blob\"")]
    [InlineData(Cosmos, "properties.disableLocalAuth", "false")]
    [InlineData(Cosmos, "properties.minimalTlsVersion", null)]
    [InlineData(Site, "properties.httpsOnly", null)]
    [InlineData(Site, "properties.siteConfig.minTlsVersion", "\"1.0\"")]
    [InlineData("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", "true")]
    [InlineData("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", "true")]
    [InlineData("Microsoft.Insights/components", "properties.DisableLocalAuth", null)]
    public void A_resource_that_takes_keys_or_old_TLS_is_found(string type, string property, string? value) =>
        Assert.StartsWith($"{property} of {type} is ", Assert.Single(SecurityRule.Findings(Everything.With(type, property, value))), StringComparison.Ordinal);

    [BicepFact]
    public void No_key_is_read_and_no_output_shows_a_secret() => Assert.Empty(SecretsRule.Findings(infrastructure.Template));

    [BicepTheory]
    [InlineData("storage", "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'x'), '2023-05-01').keys[0].value]", "the output name of storage shows listKeys")]
    [InlineData("monitoring", "[reference('insights').ConnectionString]", "the output name of monitoring shows ConnectionString")]
    [InlineData("events", "[reference('topic').primaryKey]", "the output name of events shows primaryKey")]
    public void A_module_that_shows_a_secret_is_found(string module, string value, string finding)
    {
        var template = infrastructure.Template.DeepClone();
        template["resources"]![module]!["properties"]!["template"]!["outputs"]!["name"] = new JsonObject { ["type"] = "string", ["value"] = value };

        Assert.Equal([finding], SecretsRule.Findings(template));
    }

    [BicepFact]
    public void A_resource_that_takes_a_key_from_another_is_found()
    {
        var template = infrastructure.Template.DeepClone();
        template["resources"]!["app"]!["properties"]!["template"]!["resources"]!["plan"]!["properties"] =
            new JsonObject { ["key"] = "[listKeys('x', '2023-05-01').keys[0].value]" };

        Assert.Equal(["a Microsoft.Web/serverfarms of app calls listKeys"], SecretsRule.Findings(template));
    }

    [BicepFact]
    public void With_a_private_network_storage_and_documents_are_reached_inside_only()
    {
        Assert.Empty(infrastructure.Plain.Of("Microsoft.Network/virtualNetworks"));
        Assert.Single(Everything.Of("Microsoft.Network/virtualNetworks"));
        Assert.Empty(PrivateAccessRule.Findings(Everything));
    }

    [BicepTheory]
    [InlineData(Storage, "properties.publicNetworkAccess", "\"Enabled\"", $"{Storage} is reached from outside")]
    [InlineData(Storage, "properties.networkAcls.defaultAction", "\"Allow\"", "the firewall of the storage account lets others in")]
    [InlineData(Cosmos, "properties.publicNetworkAccess", null, $"{Cosmos} is reached from outside")]
    [InlineData(Site, "properties.virtualNetworkSubnetId", "null", "the app is not in its subnet")]
    [InlineData(Deployment.AppSettings, "properties.Jobs__ContainerInstances__SubnetId", null, "jobs are not in their subnet")]
    public void A_way_in_from_outside_is_found(string type, string property, string? value, string finding) =>
        Assert.Equal([finding], PrivateAccessRule.Findings(Everything.With(type, property, value)));

    [BicepTheory]
    [InlineData("Microsoft.Network/privateEndpoints", "blob", "blob has no private endpoint")]
    [InlineData("Microsoft.Network/privateEndpoints", "cosmos", "Sql has no private endpoint")]
    [InlineData("Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "table", "pep-larder-table")]
    public void A_missing_private_endpoint_is_found(string type, string name, string finding) => Assert.StartsWith(
        finding,
        Assert.Single(PrivateAccessRule.Findings(Everything.Without(resource =>
            Deployment.Text(resource, "type") == type && Deployment.Text(resource, "id").Contains($"pep-larder-{name}-", StringComparison.Ordinal)))),
        StringComparison.Ordinal);

    [BicepFact]
    public void A_subnet_without_rules_or_delegation_is_found() => Assert.Equal(
        ["the subnet app is not delegated to Microsoft.App/environments", "jobs reach everything in the network"],
        PrivateAccessRule.Findings(Everything.With("Microsoft.Network/virtualNetworks", network =>
        {
            var subnets = network["properties"]!["subnets"]!.AsArray();
            subnets.Single(subnet => Deployment.Text(subnet!, "name") == "app")!["properties"]!.AsObject().Remove("delegations");
            subnets.Single(subnet => Deployment.Text(subnet!, "name") == "jobs")!["properties"]!.AsObject().Remove("networkSecurityGroup");
        })));

    [BicepFact]
    public void What_has_logs_sends_them()
    {
        Assert.Empty(DiagnosticsRule.Findings(infrastructure.Plain));
        Assert.Empty(DiagnosticsRule.Findings(Everything));
    }

    [BicepTheory]
    [InlineData("Microsoft.ContainerRegistry/registries")]
    [InlineData(Cosmos)]
    [InlineData("Microsoft.EventGrid/systemTopics")]
    [InlineData("Microsoft.Network/virtualNetworks")]
    [InlineData("Microsoft.OperationalInsights/workspaces")]
    [InlineData(Site)]
    public void A_resource_without_diagnostic_settings_is_found(string type)
    {
        var id = Deployment.Text(Everything.Of(type).Single(), "id");

        Assert.Equal([$"{type} sends no logs to the workspace"], DiagnosticsRule.Findings(Everything.Without(resource =>
            Deployment.Text(resource, "type") == "Microsoft.Insights/diagnosticSettings" && Deployment.Text(resource, "id").StartsWith($"{id}/providers/", StringComparison.Ordinal))));
    }

    [BicepFact]
    public void A_category_that_Azure_would_refuse_and_a_type_that_nothing_is_said_of_are_found()
    {
        Assert.Equal(
            ["Microsoft.OperationalInsights/workspaces has no logs Audits"],
            DiagnosticsRule.Findings(Everything.With("Microsoft.Insights/diagnosticSettings", settings => settings["properties"]!["logs"]![0]!["category"] = "Audits")));
        Assert.Equal(
            ["Microsoft.KeyVault/vaults: say here whether it has logs"],
            DiagnosticsRule.Findings(Everything.With("Microsoft.Web/serverfarms", plan => plan["type"] = "Microsoft.KeyVault/vaults")));
    }

    [BicepFact]
    public void The_app_is_as_Flex_Consumption_wants_it_and_runs_what_is_built()
    {
        Assert.Contains($"<TargetFramework>{Framework}</TargetFramework>", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
        Assert.Empty(FlexConsumptionRule.Findings(infrastructure.Plain, Framework));
        Assert.Empty(FlexConsumptionRule.Findings(Everything, Framework));
    }

    [BicepTheory]
    [InlineData("Microsoft.Web/serverfarms", "sku.name", "\"Y1\"")]
    [InlineData(Site, "properties.functionAppConfig.runtime.version", "\"8.0\"")]
    [InlineData(Site, "properties.functionAppConfig.deployment.storage.authentication.type", "\"StorageAccountConnectionString\"")]
    [InlineData(Site, "properties.siteConfig.alwaysOn", "true")]
    public void An_app_of_another_plan_is_found(string type, string property, string value) => Assert.StartsWith(
        $"{property} of {type} is ", Assert.Single(FlexConsumptionRule.Findings(Everything.With(type, property, value), Framework)), StringComparison.Ordinal);

    [BicepTheory]
    [InlineData("WEBSITE_RUN_FROM_PACKAGE")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME")]
    [InlineData("AzureWebJobsStorage")]
    public void A_setting_of_another_plan_is_found(string name) => Assert.Equal(
        [$"the setting {name} is of another plan"], FlexConsumptionRule.Findings(Everything.With(Deployment.AppSettings, $"properties.{name}", "\"x\""), Framework));

    [BicepFact]
    public void Every_setting_that_has_a_value_in_Azure_is_set_to_it_and_no_other()
    {
        Assert.Empty(AppSettingsRule.Findings(Repository.Read("local.settings.sample.json"), AllSettings(), App));
        Assert.Equal(["IngestUpload", "ScoreDroppedFile"], App.EventGridFunctions.Order());
    }

    [BicepFact]
    public void The_functions_that_poll_are_disabled_and_those_that_Event_Grid_starts_are_not() => Assert.Equal(
        ["AzureWebJobs.IngestUploadByPolling.Disabled", "AzureWebJobs.ScoreDroppedFileByPolling.Disabled"],
        AllSettings().Keys.Where(name => name.EndsWith(".Disabled", StringComparison.Ordinal)).Order());

    private Dictionary<string, string> AllSettings() =>
        infrastructure.Plain.Settings.Concat(Everything.Settings).DistinctBy(setting => setting.Key).ToDictionary();
}
