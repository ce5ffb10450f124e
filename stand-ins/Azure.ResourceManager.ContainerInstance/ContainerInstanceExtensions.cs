using Azure.Core;
using Azure.ResourceManager.Resources;

namespace Azure.ResourceManager.ContainerInstance;

public static class ContainerInstanceExtensions
{
    public static ContainerGroupCollection GetContainerGroups(this ResourceGroupResource resourceGroupResource)
    {
        ArgumentNullException.ThrowIfNull(resourceGroupResource);
        return resourceGroupResource.GetCachedClient(client => new ContainerGroupCollection(client, resourceGroupResource.Id));
    }

    public static ContainerGroupResource GetContainerGroupResource(this ArmClient client, ResourceIdentifier id)
    {
        ArgumentNullException.ThrowIfNull(client);
        ContainerGroupResource.Check(id);
        return client.GetResourceClient(() => new ContainerGroupResource(client, id));
    }
}
