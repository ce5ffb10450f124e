namespace Azure.ResourceManager.ContainerInstance.Models;

/// <summary>Waiting, Running or Terminated, since when, and with what.</summary>
public class ContainerState
{
    internal ContainerState()
    {
    }

    public string State { get; internal init; }

    public DateTimeOffset? StartOn { get; internal init; }

    public int? ExitCode { get; internal init; }

    public DateTimeOffset? FinishOn { get; internal init; }

    public string DetailStatus { get; internal init; }
}
