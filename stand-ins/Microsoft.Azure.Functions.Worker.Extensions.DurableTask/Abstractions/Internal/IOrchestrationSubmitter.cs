namespace Microsoft.DurableTask.Internal;

/// <summary>Something that starts orchestrations.</summary>
public interface IOrchestrationSubmitter
{
    /// <summary>Starts one, and gives its instance id.</summary>
    Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default);
}
