using Azure.ResourceManager.ContainerInstance;
using Azure.ResourceManager.ContainerInstance.Models;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>
/// Tells from a container group where its one container is. The container's own state is the truth: the group's lags behind it, and a
/// provisioning that failed does not prove that nothing runs.
/// </summary>
internal static class ContainerGroupStatus
{
    // Names of events; a later one of the second kind means that the trouble is over.
    private static readonly string[] Trouble = ["Failed", "BackOff"];
    private static readonly string[] Progress = ["Pulled", "Created", "Started"];

    /// <summary>Decides.</summary>
    /// <param name="group">The group, read by itself: lists leave the instance view out.</param>
    /// <param name="now">The time.</param>
    public static ComputeStatus Of(ContainerGroupData group, DateTimeOffset now)
    {
        var container = group.Containers.FirstOrDefault()?.InstanceView;
        var groupState = group.InstanceView?.State;
        var failed = Is(group.ProvisioningState, "Failed");
        var ranBefore = container is not null && (container.RestartCount > 0 || Is(container.PreviousState?.State, "Terminated"));
        if (Is(container?.CurrentState?.State, "Terminated"))
            return Terminated(container!.CurrentState, ranBefore);
        if (Is(groupState, "Stopped"))
            return new ComputeStatus(ComputeState.Exited, Reason: "The container group was stopped.");
        if (Is(container?.CurrentState?.State, "Running"))
        {
            return new ComputeStatus(
                ComputeState.Running,
                Reason: ranBefore ? "The service has started the container again."
                    : failed ? "The service says that creating the container group failed, yet the container runs." : null);
        }

        List<ContainerEvent> events = [.. container?.Events ?? [], .. group.InstanceView?.Events ?? []];
        if (failed || Is(groupState, "Failed"))
            return NotStarted(LatestTrouble(events) ?? Latest(events)?.Message ?? "the service gave no reason");
        if (CurrentTrouble(container?.Events ?? []) is { } trouble)
            return NotStarted(trouble);
        if (ContainerGroupLabels.StartByOf(group.Tags) is { } startBy && now > startBy)
            return NotStarted($"it took longer than the limit. Last heard: {Latest(events)?.Message ?? "nothing"}");
        return new ComputeStatus(
            ComputeState.Pending, Reason: ranBefore ? "The service is starting the container again." : Latest(events)?.Message);
    }

    private static ComputeStatus Terminated(ContainerState state, bool ranBefore)
    {
        var detail = string.IsNullOrEmpty(state.DetailStatus) ? "" : $" ({state.DetailStatus})";
        if (ranBefore)
        {
            // The exit code is the last run's, and the last run may only have seen that there is nothing left to do.
            return new ComputeStatus(
                ComputeState.Exited, Reason: $"The service ran the container more than once, so its exit code does not count; the last was {state.ExitCode}{detail}.");
        }

        return state.ExitCode switch
        {
            0 => new ComputeStatus(ComputeState.Exited, 0),
            { } code => new ComputeStatus(ComputeState.Exited, code, $"The container ended with exit code {code}{detail}."),
            null => new ComputeStatus(ComputeState.Exited, Reason: $"The container ended without an exit code{detail}."),
        };
    }

    private static ComputeStatus NotStarted(string message) => new(ComputeState.Exited, Reason: $"The container did not start: {message}");

    private static string? CurrentTrouble(IReadOnlyList<ContainerEvent> events)
    {
        var since = events.Where(item => IsAny(item, Progress)).Max(item => item.LastTimestamp) ?? DateTimeOffset.MinValue;
        return LatestTrouble(events.Where(item => IsAny(item, Trouble) && (item.LastTimestamp ?? DateTimeOffset.MaxValue) > since));
    }

    // What failed says more than that there will be another try.
    private static string? LatestTrouble(IEnumerable<ContainerEvent> events)
    {
        var trouble = events.Where(item => IsAny(item, Trouble) || Is(item.EventType, "Warning")).ToList();
        return (Latest(trouble.Where(item => !Is(item.Name, "BackOff"))) ?? Latest(trouble))?.Message;
    }

    private static ContainerEvent? Latest(IEnumerable<ContainerEvent> events) =>
        events.Where(item => !string.IsNullOrEmpty(item.Message)).OrderBy(item => item.LastTimestamp).LastOrDefault();

    private static bool IsAny(ContainerEvent item, string[] names) => names.Any(name => Is(item.Name, name));

    private static bool Is(string? text, string value) => string.Equals(text, value, StringComparison.OrdinalIgnoreCase);
}
