namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerResourceRequirements
{
    public ContainerResourceRequirements(ContainerResourceRequestsContent requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        Requests = requests;
    }

    public ContainerResourceRequestsContent Requests { get; set; }
}
