using Azure.Core;

namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerGroupSubnetId
{
    public ContainerGroupSubnetId(ResourceIdentifier id)
    {
        ArgumentNullException.ThrowIfNull(id);
        Id = id;
    }

    public ResourceIdentifier Id { get; set; }
}
