namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerLogs
{
    internal ContainerLogs(string content) => Content = content;

    public string Content { get; }
}
