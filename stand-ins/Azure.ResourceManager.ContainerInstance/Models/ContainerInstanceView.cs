namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerInstanceView
{
    internal ContainerInstanceView()
    {
    }

    public int? RestartCount { get; internal init; }

    public ContainerState CurrentState { get; internal init; }

    public ContainerState PreviousState { get; internal init; }

    public IReadOnlyList<ContainerEvent> Events { get; internal init; }
}
