namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerInstanceContainer
{
    public ContainerInstanceContainer(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    public string Name { get; set; }

    public string Image { get; set; }

    /// <summary>Program and arguments, in place of the image's own.</summary>
    public IList<string> Command { get; } = [];

    public IList<ContainerEnvironmentVariable> EnvironmentVariables { get; } = [];

    public ContainerInstanceView InstanceView { get; internal init; }

    public ContainerResourceRequirements Resources { get; set; }
}
