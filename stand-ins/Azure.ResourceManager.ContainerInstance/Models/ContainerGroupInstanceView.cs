namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerGroupInstanceView
{
    internal ContainerGroupInstanceView(string state, IReadOnlyList<ContainerEvent> events)
    {
        State = state;
        Events = events;
    }

    public IReadOnlyList<ContainerEvent> Events { get; }

    public string State { get; }
}
