using System.Text.Json;
using Azure.Core;
using Azure.ResourceManager.ContainerInstance.Models;
using Azure.ResourceManager.Models;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>Reads a container group as the service describes it.</summary>
internal static class ContainerGroupReader
{
    public static ContainerGroupData Read(Response response)
    {
        using var document = JsonDocument.Parse(response.Content);
        return Read(document.RootElement);
    }

    public static ContainerGroupData Read(JsonElement json)
    {
        var id = new ResourceIdentifier(json.Text("id") ?? throw new JsonException("A container group without an id."));
        var tags = json.Members("tags").ToDictionary(tag => tag.Name, tag => tag.Value.GetString());
        var properties = json.Child("properties") ?? default;
        var group = new ContainerGroupData(id, json.Text("name") ?? id.Name, id.ResourceType, tags, new AzureLocation(json.Text("location") ?? ""))
        {
            ProvisioningState = properties.Text("provisioningState"),
            OSType = properties.Text("osType") is { } osType ? new ContainerInstanceOperatingSystemType(osType) : default,
            RestartPolicy = properties.Text("restartPolicy") is { } policy ? new ContainerGroupRestartPolicy(policy) : null,
            Containers = [.. properties.Items("containers").Select(ReadContainer)],
            InstanceView = properties.Child("instanceView") is { } view ? new ContainerGroupInstanceView(view.Text("state"), ReadEvents(view)) : null,
            Identity = json.Child("identity") is { } identity ? ReadIdentity(identity) : null,
        };
        foreach (var credential in properties.Items("imageRegistryCredentials"))
            group.ImageRegistryCredentials.Add(new ContainerGroupImageRegistryCredential(credential.Text("server")) { Identity = credential.Text("identity") });
        foreach (var subnet in properties.Items("subnetIds"))
            group.SubnetIds.Add(new ContainerGroupSubnetId(new ResourceIdentifier(subnet.Text("id"))));
        return group;
    }

    private static ManagedServiceIdentity ReadIdentity(JsonElement json)
    {
        var identity = new ManagedServiceIdentity(new ManagedServiceIdentityType(json.Text("type") ?? "None"));
        foreach (var assigned in json.Members("userAssignedIdentities"))
            identity.UserAssignedIdentities[new ResourceIdentifier(assigned.Name)] = new UserAssignedIdentity();
        return identity;
    }

    private static ContainerInstanceContainer ReadContainer(JsonElement json)
    {
        var properties = json.Child("properties") ?? default;
        var container = new ContainerInstanceContainer(json.Text("name") ?? "")
        {
            Image = properties.Text("image"),
            Resources = properties.Child("resources")?.Child("requests") is { } requests
                ? new ContainerResourceRequirements(new ContainerResourceRequestsContent(requests.Number("memoryInGB") ?? 0, requests.Number("cpu") ?? 0))
                : null,
            InstanceView = properties.Child("instanceView") is { } view ? ReadView(view) : null,
        };
        foreach (var word in properties.Items("command"))
            container.Command.Add(word.GetString());
        foreach (var variable in properties.Items("environmentVariables"))
            container.EnvironmentVariables.Add(new ContainerEnvironmentVariable(variable.Text("name")));
        return container;
    }

    private static ContainerInstanceView ReadView(JsonElement json) => new()
    {
        RestartCount = json.Integer("restartCount"),
        CurrentState = json.Child("currentState") is { } current ? ReadState(current) : null,
        PreviousState = json.Child("previousState") is { } previous ? ReadState(previous) : null,
        Events = ReadEvents(json),
    };

    private static ContainerState ReadState(JsonElement json) => new()
    {
        State = json.Text("state"),
        StartOn = json.Time("startTime"),
        ExitCode = json.Integer("exitCode"),
        FinishOn = json.Time("finishTime"),
        DetailStatus = json.Text("detailStatus"),
    };

    private static List<ContainerEvent> ReadEvents(JsonElement json) =>
    [
        .. json.Items("events").Select(item => new ContainerEvent
        {
            Count = item.Integer("count"),
            FirstTimestamp = item.Time("firstTimestamp"),
            LastTimestamp = item.Time("lastTimestamp"),
            Name = item.Text("name"),
            Message = item.Text("message"),
            EventType = item.Text("type"),
        }),
    ];
}
