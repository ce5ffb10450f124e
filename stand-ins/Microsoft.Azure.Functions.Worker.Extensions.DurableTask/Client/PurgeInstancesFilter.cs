namespace Microsoft.DurableTask.Client;

/// <summary>Which ended instances to purge. All conditions that are given must hold.</summary>
/// <param name="CreatedFrom">Scheduled then or later.</param>
/// <param name="CreatedTo">Scheduled then or before.</param>
/// <param name="Statuses">In one of these.</param>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null)
{
    /// <summary>How long it may take; then it ends, and says that it is not complete.</summary>
    public TimeSpan? Timeout { get; init; }
}
