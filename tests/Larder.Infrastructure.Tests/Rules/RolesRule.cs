using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>A role that an identity has.</summary>
/// <param name="Principal">app or training, or the expression of another principal.</param>
/// <param name="Scope">The type of the resource that it is given on, or the id of another scope.</param>
/// <param name="Role">Its name in roles.json, or its GUID.</param>
internal sealed record Grant(string Principal, string Scope, string Role)
{
    public override string ToString() => $"{Principal} has {Role} on {Scope}";
}

/// <summary>The identities get the built-in roles that Larder needs, each on the one resource that it is needed on, and no others.</summary>
internal static partial class RolesRule
{
    private const string Storage = "Microsoft.Storage/storageAccounts";
    private const string CosmosDataContributor = "00000000-0000-0000-0000-000000000002";

    /// <summary>What an app that is an image of the registry is given in addition.</summary>
    public static readonly Grant PullsImage = new("app", "Microsoft.ContainerRegistry/registries", "acrPull");

    /// <summary>What is given when every option is on.</summary>
    public static readonly IReadOnlySet<Grant> Needed = new HashSet<Grant>
    {
        new("app", Storage, "storageBlobDataOwner"),
        new("app", Storage, "storageBlobDelegator"),
        new("app", Storage, "storageQueueDataContributor"),
        new("app", Storage, "storageTableDataContributor"),
        new("app", "Microsoft.Insights/components", "monitoringMetricsPublisher"),
        new("app", "Microsoft.ManagedIdentity/userAssignedIdentities", "managedIdentityOperator"),
        new("app", "Microsoft.Network/virtualNetworks/subnets", "networkContributor"),
        new("app", "resource group", "containerInstancesContributor"),
        new("training", "Microsoft.ContainerRegistry/registries", "acrPull"),
    };

    /// <summary>Azure's built-in roles, as its documentation lists them.</summary>
    public static readonly IReadOnlyDictionary<string, string> BuiltIn = new Dictionary<string, string>
    {
        ["acrPull"] = "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        ["containerInstancesContributor"] = "5d977122-f97e-4b4d-a52f-6b43003ddb4d",
        ["managedIdentityOperator"] = "f1a07417-d97a-45cb-824c-7a7467783830",
        ["monitoringMetricsPublisher"] = "3913510d-42f4-4e42-8a64-420c390055eb",
        ["networkContributor"] = "4d97b98b-1d4f-4787-a291-c67834d212e7",
        ["storageBlobDataOwner"] = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        ["storageBlobDelegator"] = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        ["storageQueueDataContributor"] = "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        ["storageTableDataContributor"] = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    };

    public static IEnumerable<Grant> Grants(Deployment deployment) => Assignments(deployment).Select(GrantOf);

    public static IEnumerable<string> Findings(Deployment deployment)
    {
        foreach (var assignment in Assignments(deployment))
        {
            var grant = GrantOf(assignment);
            if (!Needed.Contains(grant) && !(grant == PullsImage && deployment.Of(Deployment.ContainerApp).Any()))
                yield return $"{grant}, which Larder does not need";
            if (Deployment.Text(assignment, "properties.principalType") != "ServicePrincipal")
                yield return $"{grant} without the principal type ServicePrincipal: a new identity may not be found yet";
            if (!StableName().IsMatch(Deployment.Text(assignment, "name")))
                yield return $"{grant} under a name that is not guid(scope, principal, role): the second deployment would fail or make another";
        }
        foreach (var assignment in deployment.Of("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"))
        {
            if (!Deployment.Text(assignment, "properties.roleDefinitionId").Contains(CosmosDataContributor, StringComparison.Ordinal))
                yield return "a role of Cosmos DB other than Data Contributor";
        }
    }

    private static IEnumerable<JsonObject> Assignments(Deployment deployment) => deployment.Of("Microsoft.Authorization/roleAssignments");

    private static Grant GrantOf(JsonObject assignment)
    {
        var principal = Deployment.Text(assignment, "properties.principalId");
        var role = Deployment.Text(assignment, "properties.roleDefinitionId").Split('/')[^1];
        return new(
            Principal().Match(principal) is { Success: true } match ? match.Groups["name"].Value : principal,
            Scope(Deployment.Text(assignment, "id")),
            BuiltIn.FirstOrDefault(known => known.Value == role).Key ?? role);
    }

    /// <summary>The id begins with that of the resource; in an expression that is the first one that is put together.</summary>
    private static string Scope(string id) => ScopeType().Match(id) switch
    {
        { Success: false } => id,
        var match when match.Groups["type"].Value == "Microsoft.Authorization/roleAssignments" => "resource group",
        var match => match.Groups["type"].Value,
    };

    [GeneratedRegex(@"\.outputs\.(?<name>\w+)PrincipalId\.")]
    private static partial Regex Principal();

    [GeneratedRegex(@"\bresourceId\('[^']+', '[^']+', '(?<type>[^']+)'")]
    private static partial Regex ScopeType();

    [GeneratedRegex(@"^\[guid\(.+PrincipalId\.value, '[0-9a-f-]{36}'\)\]$")]
    private static partial Regex StableName();
}
