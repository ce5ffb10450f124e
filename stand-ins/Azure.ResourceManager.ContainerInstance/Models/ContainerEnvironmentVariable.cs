namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerEnvironmentVariable
{
    public ContainerEnvironmentVariable(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    public string Name { get; set; }

    /// <summary>Goes in and never comes back.</summary>
    public string SecureValue { get; set; }
}
