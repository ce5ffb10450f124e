using System.Text.Json.Nodes;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>With a virtual network, storage and Cosmos DB answer through private endpoints only, and the app and its jobs are inside.</summary>
internal static class PrivateAccessRule
{
    private static readonly (string Type, string[] Services)[] Private =
    [
        ("Microsoft.Storage/storageAccounts", ["blob", "queue", "table"]),
        ("Microsoft.DocumentDB/databaseAccounts", ["Sql"]),
    ];

    public static IEnumerable<string> Findings(Deployment deployment)
    {
        var network = deployment.Of("Microsoft.Network/virtualNetworks").SingleOrDefault();
        return network is null ? [] : Accounts(deployment).Concat(Endpoints(deployment)).Concat(Subnets(network)).Concat(Inside(deployment));
    }

    private static IEnumerable<string> Accounts(Deployment deployment)
    {
        foreach (var account in Private.SelectMany(one => deployment.Of(one.Type)))
        {
            if (Deployment.Text(account, "properties.publicNetworkAccess") != "Disabled")
                yield return $"{Deployment.Text(account, "type")} is reached from outside";
        }
        foreach (var account in deployment.Of("Microsoft.Storage/storageAccounts"))
        {
            if (Deployment.Text(account, "properties.networkAcls.defaultAction") != "Deny")
                yield return "the firewall of the storage account lets others in";
        }
    }

    private static IEnumerable<string> Endpoints(Deployment deployment)
    {
        var endpoints = deployment.Of("Microsoft.Network/privateEndpoints").ToList();
        var reached = endpoints.SelectMany(endpoint => Deployment.Find(endpoint, "properties.privateLinkServiceConnections")!.AsArray())
            .SelectMany(connection => Deployment.Find(connection!, "properties.groupIds")!.AsArray())
            .Select(service => service!.ToString()).ToList();
        var named = deployment.Of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups").Select(group => Deployment.Text(group, "id")).ToList();

        return Private.Where(one => deployment.Of(one.Type).Any()).SelectMany(one => one.Services).Except(reached).Select(service => $"{service} has no private endpoint")
            .Concat(endpoints.Select(endpoint => Deployment.Text(endpoint, "id"))
                .Where(id => !named.Exists(group => group.StartsWith($"{id}/", StringComparison.Ordinal)))
                .Select(id => $"{id.Split('/')[^1]} is in no zone of names, so clients would be sent outside"));
    }

    private static IEnumerable<string> Subnets(JsonObject network)
    {
        var subnets = Deployment.Find(network, "properties.subnets")!.AsArray().ToDictionary(subnet => Deployment.Text(subnet!, "name"), subnet => subnet!);
        foreach (var (name, service) in new[] { ("app", "Microsoft.App/environments"), ("jobs", "Microsoft.ContainerInstance/containerGroups") })
        {
            var delegations = Deployment.Find(subnets[name], "properties.delegations")?.AsArray().Select(one => Deployment.Text(one!, "properties.serviceName")) ?? [];
            if (!delegations.Contains(service))
                yield return $"the subnet {name} is not delegated to {service}";
        }
        // Jobs run code of users.
        if (Deployment.Find(subnets["jobs"], "properties.networkSecurityGroup") is null)
            yield return "jobs reach everything in the network";
    }

    private static IEnumerable<string> Inside(Deployment deployment)
    {
        var subnet = deployment.Of(Deployment.ContainerApp).Any()
            ? Deployment.Text(deployment.Of("Microsoft.App/managedEnvironments").Single(), "properties.vnetConfiguration")
            : Deployment.Text(deployment.Of("Microsoft.Web/sites").Single(), "properties.virtualNetworkSubnetId");
        if (!subnet.Contains("appSubnetId", StringComparison.Ordinal))
            yield return "the app is not in its subnet";
        if (!deployment.Settings.GetValueOrDefault("Jobs__ContainerInstances__SubnetId", "").Contains("jobsSubnetId", StringComparison.Ordinal))
            yield return "jobs are not in their subnet";
    }
}
