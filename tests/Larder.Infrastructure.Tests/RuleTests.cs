namespace Larder.Infrastructure.Tests;

/// <summary>Each rule catches what it is for, and lets the right form pass.</summary>
public sealed class RuleTests
{
    [Theory]
    [InlineData("param a string", "1:7: 'a' is not used")]
    [InlineData("param a string\nvar b = a", "2:5: 'b' is not used")]
    [InlineData("resource a 'Microsoft.Web/sites@2024-11-01' existing = { name: 'a' }", "1:10: 'a' is not used")]
    [InlineData("param a string\noutput b string = '${a}'")]
    [InlineData("param a array\noutput b array = [for c in a: c]")]
    public void What_nobody_uses_is_found(string source, params string[] expected) => Check(new UnusedRule(), source, expected);

    [Theory]
    [InlineData("output a string = b", "1:19: 'b' is not declared")]
    [InlineData("output a string = 'x${b.c}'", "1:23: 'b' is not declared")]
    [InlineData("output a string = storag.id\nresource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: 'a' }", "1:19: 'storag' is not declared")]
    [InlineData("param a array\noutput b array = [for c in a: d]", "2:31: 'd' is not declared")]
    [InlineData("param a array\nvar b = [for c in a: c]\noutput d string = c", "3:19: 'c' is not declared")]
    [InlineData("output a string = uniqeString('x')", "1:19: 'uniqeString' is no function that this rule knows")]
    [InlineData("param a string\nvar a = 1", "2:5: 'a' is declared twice")]
    [InlineData("@descripton('x')\nparam a string", "1:2: '@descripton' is no decorator that this rule knows")]
    [InlineData("param a array\noutput b array = [for (c, i) in a: '${c}${i}']")]
    [InlineData("param name string\noutput name string = name")]
    public void Names_that_nobody_declared_are_found(string source, params string[] expected) => Check(new NamesRule(), source, expected);

    [Theory]
    [InlineData("output a string = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'", "1:19: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' is a GUID: roles are named in roles.json, ids of subscriptions and tenants come from functions")]
    [InlineData("resource a 'Microsoft.Authorization/roleAssignments@2022-04-01' = { name: 'a' }",
        "1:10: principalType must be 'ServicePrincipal': without it, a new identity may not be found yet",
        "1:10: name must be guid(scope, principal, role), or the second deployment makes a second assignment",
        "1:10: roleDefinitionId must be subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)")]
    [InlineData("resource a 'Microsoft.Authorization/roleAssignments@2022-04-01' = { name: guid(s, p, r), properties: { principalType: 'ServicePrincipal', roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinition', r) } }",
        "1:157: a role is of type 'Microsoft.Authorization/roleDefinitions'")]
    [InlineData("resource a 'Microsoft.Authorization/roleAssignments@2022-04-01' = { name: guid(s, p, r), properties: { principalType: 'ServicePrincipal', roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', r) } }")]
    public void Role_assignments_have_their_form(string source, params string[] expected) => Check(new RolesRule(), source, expected);

    [Theory]
    [InlineData("""{ "acrPull": "5d977122-f97e-4b4d-a52f-6b43003ddb4d" }""", "1:5: ./roles.json says that 'acrPull' is '5d977122-f97e-4b4d-a52f-6b43003ddb4d', which is no role that this rule knows")]
    [InlineData("""{ "owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" }""", "1:5: ./roles.json says that 'owner' is '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', which is no role that this rule knows")]
    [InlineData("""{ "acrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d" }""")]
    public void Names_of_roles_stand_for_those_roles(string roles, params string[] expected) =>
        Check(new RolesRule(), "var roles = loadJsonContent('./roles.json')", expected, ("roles.json", roles));

    [Theory]
    [InlineData("var a = loadJsonContent('b.json')", "1:9: there is no b.json")]
    [InlineData("var a = loadJsonContent('a.json', 'x.z')", "1:9: there is no a.json with x.z")]
    [InlineData("param b string\nvar a = loadJsonContent(b)", "2:9: loadJsonContent takes a path, and perhaps the path of a property, as plain strings")]
    [InlineData("var a = loadJsonContent('a.json')\noutput b string = a.y", "2:20: a.json has no 'y'")]
    [InlineData("var a = loadJsonContent('a.json')\noutput b string = a.x.y\nvar c = loadJsonContent('./a.json', 'x.y')")]
    public void Json_is_there_with_what_is_used_of_it(string source, params string[] expected) =>
        Check(new JsonRule(), source, expected, ("a.json", """{ "x": { "y": 1 } }"""));

    [Fact]
    public void A_storage_account_with_keys_or_old_tls_is_found() => Check(
        new SecurityRule(),
        """
        resource a 'Microsoft.Storage/storageAccounts@2023-05-01' = {
          name: 'a'
          properties: {
            allowSharedKeyAccess: true
            minimumTlsVersion: 'TLS1_0'
            supportsHttpsTrafficOnly: true
          }
        }
        """,
        [
            "4:27: properties.allowSharedKeyAccess of 'a' must be False", "1:10: properties.allowBlobPublicAccess of 'a' must be False",
            "5:24: properties.minimumTlsVersion of 'a' must be TLS1_2 or TLS1_3",
        ]);

    [Theory]
    [InlineData("Microsoft.Storage/storageAccounts", 4)]
    [InlineData("Microsoft.Storage/storageAccounts/blobServices/containers", 1)]
    [InlineData("Microsoft.DocumentDB/databaseAccounts", 3)]
    [InlineData("Microsoft.Web/sites", 4)]
    [InlineData("Microsoft.Web/sites/basicPublishingCredentialsPolicies", 1)]
    [InlineData("Microsoft.ContainerRegistry/registries", 2)]
    [InlineData("Microsoft.Insights/components", 1)]
    [InlineData("Microsoft.OperationalInsights/workspaces", 1)]
    [InlineData("Microsoft.EventGrid/systemTopics", 0)]
    public void Security_must_be_said_since_defaults_are_not_secure(string type, int findings)
    {
        var (file, sources) = Read($"resource a '{type}@1' = [for b in [1]: if (true) {{ name: 'a' }}]");
        Assert.Equal(findings, new SecurityRule().Check(file, sources).Count());
    }

    [Theory]
    [InlineData("param adminPassword string", "1:7: 'adminPassword' must be @secure()")]
    [InlineData("param storageKey string", "1:7: 'storageKey' must be @secure()")]
    [InlineData("param sqlConnectionString string", "1:7: 'sqlConnectionString' must be @secure()")]
    [InlineData("@secure()\nparam adminPassword string = 'hunter2'", "2:7: 'adminPassword' is secure: its default would be in the template for all to read")]
    [InlineData("@secure()\nparam adminPassword string")]
    [InlineData("@secure()\nparam adminPassword string = newGuid()")]
    [InlineData("param keyVaultName string\nparam authClientId string\nparam useKey bool")]
    public void Secret_parameters_are_secure(string source, params string[] expected) => Check(new SecretsRule(), source, expected);

    [Theory]
    [InlineData("output a string = site.listKeys().masterKey", "1:8: the output 'a' shows 'masterKey'", "1:8: the output 'a' shows what listKeys() gets")]
    [InlineData("output a string = listKeys('x', '2023-05-01').keys[0].value", "1:8: the output 'a' shows 'keys'", "1:8: the output 'a' shows what listKeys() gets")]
    [InlineData("output a string = insights.properties.ConnectionString", "1:8: the output 'a' shows 'ConnectionString'")]
    [InlineData("var b = 'x${insights.properties.InstrumentationKey}'\noutput a string = b", "2:8: the output 'a' shows 'InstrumentationKey'")]
    [InlineData("@secure()\nparam p string\nvar c = { d: p }\noutput a object = c", "4:8: the output 'a' shows the secure parameter 'p'")]
    [InlineData("output storageKey string = 'x'", "1:8: the output 'storageKey' is called as a secret is")]
    [InlineData("output a string = storage.properties.primaryEndpoints.blob")]
    public void Outputs_hold_no_secrets(string source, params string[] expected) => Check(new SecretsRule(), source, expected);

    [Fact]
    public void Parameters_files_hold_no_secrets()
    {
        var sources = new Sources(("main.bicepparam", "using 'main.bicep'\nparam adminPassword = 'hunter2'"));
        Assert.Equal(["2:7: 'adminPassword' is a secret: it does not belong into a file"], Show(new SecretsRule().Check(sources.Files.Single(), sources)));
    }

    [Theory]
    [InlineData("module m 'parts/b.bicep' = {}", "1:8: there is no parts/b.bicep")]
    [InlineData("module m 'parts/a.bicep' = {}", "1:8: parts/a.bicep needs the parameter 'name'")]
    [InlineData("module m 'parts/a.bicep' = { params: { name: 'x', nmae: 'y' } }", "1:51: parts/a.bicep has no parameter 'nmae'")]
    [InlineData("module m 'parts/a.bicep' = { params: { name: 1 } }", "1:40: 'name' is of type string, not int")]
    [InlineData("module m 'parts/a.bicep' = { params: { name: 'x', sku: 'Golden' } }", "1:51: 'sku' must be one of Basic, Premium; got 'Golden'")]
    [InlineData("module m 'parts/a.bicep' = { params: { name: 'x' } }\noutput o string = m.outputs.di", "2:28: parts/a.bicep has no output 'di'")]
    [InlineData("module m 'parts/a.bicep' = if (true) { params: { name: 'x' } }\noutput o string = m!.outputs.di", "2:29: parts/a.bicep has no output 'di'")]
    [InlineData("module m 'parts/a.bicep' = [for i in [1]: { params: { sku: 'Basic' } }]", "1:8: parts/a.bicep needs the parameter 'name'")]
    [InlineData("module m './parts/a.bicep' = { params: { name: 'x', sku: 'Basic', size: 3 } }\noutput o string = m.outputs.id")]
    public void Modules_get_what_they_need(string source, params string[] expected) => Check(
        new ModulesRule(),
        source,
        expected,
        ("parts/a.bicep", "param name string\n@allowed(['Basic', 'Premium'])\nparam sku string = 'Basic'\nparam size int?\noutput id string = name"));

    [Theory]
    [InlineData("using 'b.bicep'", "1:7: there is no b.bicep")]
    [InlineData("using 'main.bicep'", "1:7: main.bicep needs the parameter 'name'")]
    [InlineData("using 'main.bicep'\nparam name = 'x'\nparam size = 1", "3:7: main.bicep has no parameter 'size'")]
    [InlineData("param name = 'x'", "1:1: a parameters file begins with using")]
    [InlineData("using './main.bicep'\nparam name = 'x'")]
    public void Parameters_files_set_what_is_there(string source, params string[] expected)
    {
        var sources = new Sources(("main.bicepparam", source), ("main.bicep", "param name string"));
        Assert.Equal(expected, Show(new ModulesRule().Check(sources.Files.Single(file => file.IsParameters), sources)));
    }

    [Theory]
    [InlineData("resource a 'Microsoft.Storage/storageAccounts@2019-06-01' = {}", "1:10: 'Microsoft.Storage/storageAccounts' is used in version 2023-05-01; got 2019-06-01")]
    [InlineData("resource a 'Microsoft.Storage/storageAcounts@2023-05-01' existing = {}", "1:10: 'Microsoft.Storage/storageAcounts' is no type that this rule knows")]
    [InlineData("resource a 'Microsoft.Storage/storageAccounts@2023-05-01' = {}")]
    public void Versions_are_those_that_were_looked_up(string source, params string[] expected) => Check(new VersionsRule(), source, expected);

    [Theory]
    [InlineData("param location string = 'westeurope'", "1:25: 'westeurope' is a region: take it from the parameter location")]
    [InlineData("param a string = 'eastus2'", "1:18: 'eastus2' is a region: take it from the parameter location")]
    [InlineData("param a string = 'swedencentral'", "1:18: 'swedencentral' is a region: take it from the parameter location")]
    [InlineData("resource a 'x/y@1' = { location: resourceGroup().location }",
        "1:49: the location of 'a' must be the parameter location", "1:49: the location of the resource group is only the default of the parameter location")]
    [InlineData("resource a 'x/y@1' = { location: 'global' }", "1:34: the location of 'a' must be the parameter location")]
    [InlineData("output a string = 'https://x.blob.core.windows.net'", "1:19: 'https://x.blob.core.windows.net' is a host of one cloud: take it from environment()")]
    [InlineData("output a string = '/subscriptions/${b}'", "1:19: '/subscriptions/' is a resource id: take it from the resource")]
    [InlineData("param location string = resourceGroup().location\nresource a 'x/y@1' = { location: location }\nresource b 'Microsoft.Network/privateDnsZones@1' = { location: 'global' }")]
    [InlineData("output a array = ['blob', 'queue', 'uksomething', 'north']")]
    public void Nothing_is_of_one_region_cloud_or_subscription(string source, params string[] expected) => Check(new PortabilityRule(), source, expected);

    [Theory]
    [InlineData("module m 'a.bicep' = {}\nmodule n 'b.bicep' = [for x in m.outputs.xs: {}]", "2:32: what a loop goes over must be known at the start; 'm.outputs' comes later")]
    [InlineData("module m 'a.bicep' = {}\nvar v = union(m!.outputs.x, {})\nvar w = [for x in items(v): x]", "3:19: what a loop goes over must be known at the start; 'm.outputs' comes later")]
    [InlineData("module m 'a.bicep' = {}\nmodule n 'b.bicep' = if (m.outputs.yes) {}", "2:26: a condition must be known at the start; 'm.outputs' comes later")]
    [InlineData("resource a 'x/y@1' existing = { name: 'a' }\nresource b 'x/y@1' = { name: 'b-${a.properties.c}' }", "2:30: a name must be known at the start; 'a.properties' comes later")]
    [InlineData("module m 'a.bicep' = {}\nmodule n 'b.bicep' = [for x in [1]: if (true) { params: { a: m.outputs.b } }]")]
    [InlineData("resource a 'x/y@1' existing = { name: 'a' }\nresource b 'x/y@1' = { name: guid(a.id, a.name), properties: { c: a.properties.c } }")]
    public void What_must_be_known_at_the_start_is(string source, params string[] expected) => Check(new StartRule(), source, expected);

    [Theory]
    [InlineData("param a string", "1:7: 'a' has no description")]
    [InlineData("@description('')\nparam a string", "2:7: 'a' has no description")]
    [InlineData("output a string = 'b'", "1:8: 'a' has no description")]
    [InlineData("resource a 'x/y/z@1' = { name: 'b/c' }", "1:10: 'a' is part of another resource: name it with parent")]
    [InlineData("var b = '${a}'", "1:9: a string that is nothing but ${...} is what is in it")]
    [InlineData("@description('c')\nparam a string\nvar b = { '${a}': 'x${a}' }\nresource d 'x/y/z@1' = { parent: e }")]
    public void Style_is_kept(string source, params string[] expected) => Check(new StyleRule(), source, expected);

    private static void Check(IRule rule, string source, string[] expected, params (string Path, string Text)[] others)
    {
        var (file, sources) = Read(source, others);
        Assert.Equal(expected, Show(rule.Check(file, sources)));
    }

    private static (BicepFile File, Sources Sources) Read(string source, params (string Path, string Text)[] others)
    {
        var sources = new Sources([("main.bicep", source), .. others]);
        return (sources.Files.Single(file => file.Path == "main.bicep"), sources);
    }

    private static IEnumerable<string> Show(IEnumerable<Finding> findings) => findings.Select(finding => $"{finding.At}: {finding.Message}");
}
