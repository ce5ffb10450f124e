using System.Diagnostics;
using DurableTask.Core;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using CoreQuery = DurableTask.Core.Query.OrchestrationQuery;
using OrchestrationQuery = Microsoft.DurableTask.Client.OrchestrationQuery;
using PurgeResult = Microsoft.DurableTask.Client.PurgeResult;

namespace Larder.Host.Durable;

/// <summary>The official client, straight over the hub in storage.</summary>
internal sealed class HubClient(DurableHub hub, TimeProvider time) : DurableTaskClient("SelfHost")
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // What has not ended is never replaced: the official extension's NonRunningStates.
    private static readonly OrchestrationStatus[] Running =
        [OrchestrationStatus.Pending, OrchestrationStatus.Running, OrchestrationStatus.ContinuedAsNew, OrchestrationStatus.Suspended];

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        var id = options?.InstanceId is { Length: > 0 } given ? given : Guid.NewGuid().ToString("N");
        var started = new ExecutionStartedEvent(-1, JsonDataConverter.Default.Serialize(input))
        {
            Name = orchestratorName.Name,
            Version = options?.Version?.Version ?? "",
            ScheduledStartTime = options?.StartAt?.UtcDateTime,
            Tags = options?.Tags.ToDictionary(),
        };
        await CreateAsync(id, started, options?.DedupeStatuses, cancellationToken);
        return id;
    }

    public override async Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellationToken = default)
    {
        var state = await StateAsync(instanceId, cancellationToken) ?? throw new ArgumentException(Unknown(instanceId), nameof(instanceId));
        var id = restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId;
        if (!restartWithNewInstanceId && Running.Contains(state.OrchestrationStatus))
            throw new InvalidOperationException($"The orchestration '{instanceId}' has not ended ({state.OrchestrationStatus}), so it can be restarted with a new id only.");
        var started = new ExecutionStartedEvent(-1, state.Input) { Name = state.Name, Version = state.Version, Tags = state.Tags };
        await CreateAsync(id, started, dedupe: null, cancellationToken);
        return id;
    }

    public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return SendAsync(instanceId, new EventRaisedEvent(-1, JsonDataConverter.Default.Serialize(eventPayload)) { Name = eventName }, cancellationToken);
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Recursive == true)
            throw new NotSupportedException("The storage provider cannot terminate sub-orchestrations with their parent: terminate each by its own id.");
        await SendAsync(instanceId, new ExecutionTerminatedEvent(-1, JsonDataConverter.Default.Serialize(options?.Output)), cancellationToken);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        SendAsync(instanceId, new ExecutionSuspendedEvent(-1, reason), cancellationToken);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default) =>
        SendAsync(instanceId, new ExecutionResumedEvent(-1, reason), cancellationToken);

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        await StateAsync(instanceId, cancellationToken) is { } state ? Metadata(state, getInputsAndOutputs) : null;

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        WaitAsync(instanceId, state => state.OrchestrationStatus != OrchestrationStatus.Pending, getInputsAndOutputs, cancellationToken);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellationToken = default) =>
        WaitAsync(instanceId, state => !Running.Contains(state.OrchestrationStatus), getInputsAndOutputs, cancellationToken);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => Pageable.Create(
        async (continuation, pageSize, cancellationToken) =>
        {
            await hub.EnsureCreatedAsync(cancellationToken);
            var found = await ((IOrchestrationServiceQueryClient)hub.Service).GetOrchestrationWithQueryAsync(
                new CoreQuery
                {
                    RuntimeStatus = filter?.Statuses?.Select(ToCore).ToList(),
                    CreatedTimeFrom = filter?.CreatedFrom?.UtcDateTime,
                    CreatedTimeTo = filter?.CreatedTo?.UtcDateTime,
                    InstanceIdPrefix = filter?.InstanceIdPrefix,
                    PageSize = pageSize ?? filter?.PageSize ?? OrchestrationQuery.DefaultPageSize,
                    ContinuationToken = continuation ?? filter?.ContinuationToken,
                    FetchInputsAndOutputs = filter?.FetchInputsAndOutputs ?? false,
                },
                cancellationToken);
            return new Page<OrchestrationMetadata>(
                [.. found.OrchestrationState.Select(state => Metadata(state, filter?.FetchInputsAndOutputs ?? false))], found.ContinuationToken);
        });

    public override async Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        RefuseRecursive(options);
        if (await StateAsync(instanceId, cancellationToken) is not { } state || Running.Contains(state.OrchestrationStatus))
            return new PurgeResult(0);
        return Result(await ((IOrchestrationServicePurgeClient)hub.Service).PurgeInstanceStateAsync(instanceId));
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        RefuseRecursive(options);
        await hub.EnsureCreatedAsync(cancellationToken);
        var statuses = filter.Statuses?.Select(ToCore).ToList();
        return Result(await ((IOrchestrationServicePurgeClient)hub.Service).PurgeInstanceStateAsync(
            new PurgeInstanceFilter(filter.CreatedFrom?.UtcDateTime ?? DateTime.MinValue, filter.CreatedTo?.UtcDateTime, statuses) { Timeout = filter.Timeout }));
    }

    public override async Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        var state = await StateAsync(instanceId, cancellationToken) ?? throw new ArgumentException(Unknown(instanceId), nameof(instanceId));
        return HistoryJson.Read(await hub.Service.GetOrchestrationHistoryAsync(instanceId, state.OrchestrationInstance.ExecutionId));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task CreateAsync(string id, ExecutionStartedEvent started, IReadOnlyList<string>? dedupe, CancellationToken cancellationToken)
    {
        await hub.EnsureCreatedAsync(cancellationToken);
        started.OrchestrationInstance = new OrchestrationInstance { InstanceId = id, ExecutionId = Guid.NewGuid().ToString("N") };
        // The engine's spans of the orchestration and its activities become part of the trace that starts it.
        if (Activity.Current is { Recorded: true, Id: { } parent } activity)
            started.ParentTraceContext = new DistributedTraceContext(parent, activity.TraceStateString);
        await hub.Service.CreateTaskOrchestrationAsync(
            new TaskMessage { OrchestrationInstance = started.OrchestrationInstance, Event = started }, [.. Running.Union((dedupe ?? []).Select(Status))]);
    }

    private async Task SendAsync(string instanceId, HistoryEvent message, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await hub.EnsureCreatedAsync(cancellationToken);
        await hub.Service.SendTaskOrchestrationMessageAsync(
            new TaskMessage { OrchestrationInstance = new OrchestrationInstance { InstanceId = instanceId }, Event = message });
    }

    private async Task<OrchestrationState?> StateAsync(string instanceId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await hub.EnsureCreatedAsync(cancellationToken);
        var states = await hub.Service.GetOrchestrationStateAsync(instanceId, allExecutions: false).WaitAsync(cancellationToken);
        return states.Count > 0 ? states[0] : null;
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string instanceId, Func<OrchestrationState, bool> isReached, bool getInputsAndOutputs, CancellationToken cancellationToken)
    {
        for (var pause = FirstLook; ; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            var state = await StateAsync(instanceId, cancellationToken) ?? throw new InvalidOperationException(Unknown(instanceId));
            if (isReached(state))
                return Metadata(state, getInputsAndOutputs);
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private static string Unknown(string instanceId) => $"There is no orchestration '{instanceId}'.";

    private static void RefuseRecursive(PurgeInstanceOptions? options)
    {
        if (options?.Recursive == true)
            throw new NotSupportedException("The storage provider cannot purge sub-orchestrations with their parent: purge each by its own id.");
    }

    private static PurgeResult Result(DurableTask.Core.PurgeResult result) => new(result.DeletedInstanceCount, result.IsComplete);

    private static OrchestrationStatus ToCore(OrchestrationRuntimeStatus status) => Enum.Parse<OrchestrationStatus>(status.ToString());

    private static OrchestrationStatus Status(string name) => Enum.TryParse<OrchestrationStatus>(name, ignoreCase: true, out var status)
        ? status
        : throw new ArgumentException($"'{name}' is no status of an orchestration; there are {string.Join(", ", Enum.GetNames<OrchestrationStatus>())}.");

    private static OrchestrationMetadata Metadata(OrchestrationState state, bool withData) =>
        new(state.Name, state.OrchestrationInstance.InstanceId)
        {
            DataConverter = withData ? JsonDataConverter.Default : null,
            RuntimeStatus = Enum.Parse<OrchestrationRuntimeStatus>(state.OrchestrationStatus.ToString()),
            CreatedAt = Utc(state.CreatedTime),
            LastUpdatedAt = Utc(state.LastUpdatedTime),
            SerializedInput = withData ? state.Input : null,
            SerializedOutput = withData ? state.Output : null,
            SerializedCustomStatus = withData ? state.Status : null,
            Tags = state.Tags?.AsReadOnly() ?? new Dictionary<string, string>().AsReadOnly(),
        };

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
