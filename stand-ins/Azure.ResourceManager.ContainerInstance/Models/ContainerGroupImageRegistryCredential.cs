namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerGroupImageRegistryCredential
{
    public ContainerGroupImageRegistryCredential(string server)
    {
        ArgumentNullException.ThrowIfNull(server);
        Server = server;
    }

    public string Server { get; set; }

    /// <summary>Resource id of the identity that pulls.</summary>
    public string Identity { get; set; }
}
