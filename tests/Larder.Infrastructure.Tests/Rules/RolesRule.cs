using System.Text.Json;

namespace Larder.Infrastructure.Tests;

/// <summary>Roles are written by name, the names stand for Azure's own GUIDs, and assignments have the form that survives replication.</summary>
internal sealed class RolesRule : IRule
{
    private const string CosmosDataContributor = "00000000-0000-0000-0000-000000000002";

    /// <summary>Azure's built-in roles, as its documentation lists them.</summary>
    private static readonly Dictionary<string, string> s_roles = new()
    {
        ["acrPull"] = "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        ["containerInstancesContributor"] = "5d977122-f97e-4b4d-a52f-6b43003ddb4d",
        ["managedIdentityOperator"] = "f1a07417-d97a-45cb-824c-7a7467783830",
        ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
        ["networkContributor"] = "4d97b98b-1d4f-4787-a291-c67834d212e7",
        ["storageBlobDataContributor"] = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["storageBlobDataReader"] = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        ["storageBlobDelegator"] = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        ["storageQueueDataContributor"] = "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    };

    public IEnumerable<Finding> Check(BicepFile file, Sources sources) =>
        Literals(file).Concat(Names(file, sources)).Concat(file.Made.Where(resource => resource.Type == "Microsoft.Authorization/roleAssignments").SelectMany(Assignment));

    private static IEnumerable<Finding> Literals(BicepFile file) =>
        from expression in file.Declarations.SelectMany(declaration => declaration.Expressions())
        where Guid.TryParse(expression.Text, out _) && expression.Text != CosmosDataContributor
        select new Finding(expression.At, $"'{expression.Text}' is a GUID: roles are named in roles.json, ids of subscriptions and tenants come from functions");

    private static IEnumerable<Finding> Names(BicepFile file, Sources sources)
    {
        foreach (var variable in file.All<VariableDeclaration>())
        {
            if (variable.Content is not CallExpression { Function: "loadJsonContent", Arguments: [{ Text: { } path }] } || !path.EndsWith("/roles.json", StringComparison.Ordinal))
                continue;
            if (sources.FindJson(file, path) is not { ValueKind: JsonValueKind.Object } roles)
                yield break;
            foreach (var role in roles.EnumerateObject())
            {
                if (s_roles.GetValueOrDefault(role.Name) != role.Value.GetString())
                    yield return new(variable.At, $"{path} says that '{role.Name}' is '{role.Value}', which is no role that this rule knows");
            }
        }
    }

    private static IEnumerable<Finding> Assignment(ResourceDeclaration assignment)
    {
        if (assignment.Body.Find("properties", "principalType")?.Text != "ServicePrincipal")
            yield return new(assignment.At, "principalType must be 'ServicePrincipal': without it, a new identity may not be found yet");
        if (assignment.Body.Find("name") is not CallExpression { Function: "guid", Arguments.Count: 3 })
            yield return new(assignment.At, "name must be guid(scope, principal, role), or the second deployment makes a second assignment");
        if (assignment.Body.Find("properties", "roleDefinitionId") is not CallExpression { Function: "subscriptionResourceId" } role)
            yield return new(assignment.At, "roleDefinitionId must be subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)");
        else if (role.Arguments is not [{ Text: "Microsoft.Authorization/roleDefinitions" }, _])
            yield return new(role.At, "a role is of type 'Microsoft.Authorization/roleDefinitions'");
    }
}
