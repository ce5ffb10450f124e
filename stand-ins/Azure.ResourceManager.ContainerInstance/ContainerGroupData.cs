using Azure.Core;
using Azure.ResourceManager.ContainerInstance.Models;
using Azure.ResourceManager.Models;

namespace Azure.ResourceManager.ContainerInstance;

/// <summary>A container group: what is asked for, and when read, what became of it.</summary>
public class ContainerGroupData : TrackedResourceData
{
    public ContainerGroupData(AzureLocation location, IEnumerable<ContainerInstanceContainer> containers, ContainerInstanceOperatingSystemType osType)
        : base(location)
    {
        ArgumentNullException.ThrowIfNull(containers);
        Containers = [.. containers];
        OSType = osType;
    }

    internal ContainerGroupData(ResourceIdentifier id, string name, ResourceType type, IDictionary<string, string> tags, AzureLocation location)
        : base(id, name, type, null, tags, location)
    {
    }

    public ManagedServiceIdentity Identity { get; set; }

    public string ProvisioningState { get; internal init; }

    public IList<ContainerInstanceContainer> Containers { get; internal init; } = [];

    public IList<ContainerGroupImageRegistryCredential> ImageRegistryCredentials { get; } = [];

    public ContainerGroupRestartPolicy? RestartPolicy { get; set; }

    public ContainerInstanceOperatingSystemType OSType { get; set; }

    public ContainerGroupInstanceView InstanceView { get; internal init; }

    public IList<ContainerGroupSubnetId> SubnetIds { get; } = [];
}
