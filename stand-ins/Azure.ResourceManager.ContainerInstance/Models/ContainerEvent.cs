namespace Azure.ResourceManager.ContainerInstance.Models;

/// <summary>What the service says of a container or a group: Pulling, Pulled, Started, Failed, BackOff ...</summary>
public class ContainerEvent
{
    internal ContainerEvent()
    {
    }

    public int? Count { get; internal init; }

    public DateTimeOffset? FirstTimestamp { get; internal init; }

    public DateTimeOffset? LastTimestamp { get; internal init; }

    public string Name { get; internal init; }

    public string Message { get; internal init; }

    public string EventType { get; internal init; }
}
