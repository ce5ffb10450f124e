using Azure.Core;
using Azure.ResourceManager.ContainerInstance.Rest;

namespace Azure.ResourceManager.ContainerInstance;

/// <summary>The container _groups of a resource group.</summary>
public class ContainerGroupCollection : ArmCollection
{
    private readonly ContainerGroupsClient _groups;

    protected ContainerGroupCollection()
    {
    }

    internal ContainerGroupCollection(ArmClient client, ResourceIdentifier resourceGroup)
        : base(client, resourceGroup)
    {
        TryGetApiVersion(ContainerGroupResource.ResourceType, out var apiVersion);
        _groups = new ContainerGroupsClient(Pipeline, Endpoint, Diagnostics.ApplicationId, apiVersion);
    }

    public virtual async Task<ArmOperation<ContainerGroupResource>> CreateOrUpdateAsync(
        WaitUntil waitUntil, string containerGroupName, ContainerGroupData data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var id = IdOf(containerGroupName);
        var response = await _groups.CreateAsync(id, data, cancellationToken);
        var operation = new ContainerGroupOperation(_groups, Client, RequestMethod.Put, id, response);
        if (waitUntil == WaitUntil.Completed)
            await operation.WaitForCompletionAsync(cancellationToken);
        return operation;
    }

    public virtual async Task<Response<ContainerGroupResource>> GetAsync(string containerGroupName, CancellationToken cancellationToken = default)
    {
        var response = await _groups.GetAsync(IdOf(containerGroupName), cancellationToken);
        return Response.FromValue(new ContainerGroupResource(Client, ContainerGroupReader.Read(response)), response);
    }

    public virtual async Task<NullableResponse<ContainerGroupResource>> GetIfExistsAsync(string containerGroupName, CancellationToken cancellationToken = default)
    {
        var response = await _groups.GetIfExistsAsync(IdOf(containerGroupName), cancellationToken);
        return response.Status == 404
            ? new NoContainerGroup(response)
            : Response.FromValue(new ContainerGroupResource(Client, ContainerGroupReader.Read(response)), response);
    }

    public virtual AsyncPageable<ContainerGroupResource> GetAllAsync(CancellationToken cancellationToken = default) =>
        new ContainerGroupPages(_groups, Client, Id, cancellationToken);

    private ResourceIdentifier IdOf(string containerGroupName)
    {
        ArgumentException.ThrowIfNullOrEmpty(containerGroupName);
        return ContainerGroupResource.CreateResourceIdentifier(Id.SubscriptionId, Id.ResourceGroupName, containerGroupName);
    }
}
