namespace Microsoft.DurableTask.Client;

/// <summary>Which instances to list. All conditions that are given must hold.</summary>
/// <param name="CreatedFrom">Scheduled then or later.</param>
/// <param name="CreatedTo">Scheduled then or before.</param>
/// <param name="Statuses">In one of these.</param>
/// <param name="TaskHubNames">In one of these task hubs; an application has one.</param>
/// <param name="InstanceIdPrefix">With an id that begins so.</param>
/// <param name="PageSize">How many a page has.</param>
/// <param name="FetchInputsAndOutputs">Whether inputs, outputs and custom states are wanted.</param>
/// <param name="ContinuationToken">Where to begin.</param>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null,
    IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = null)
{
    /// <summary>How many a page has if nobody says.</summary>
    public const int DefaultPageSize = 100;
}
