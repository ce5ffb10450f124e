using System.Diagnostics;
using System.Globalization;
using DurableTask.AzureStorage;
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

namespace Larder.Host;

/// <summary>The official client, straight over the hub in storage.</summary>
internal sealed class HubClient(DurableHub hub, TimeProvider time) : DurableTaskClient("SelfHost")
{
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    // What has not ended is never replaced: the official extension's NonRunningStates.
    private static readonly OrchestrationStatus[] s_running =
        [OrchestrationStatus.Pending, OrchestrationStatus.Running, OrchestrationStatus.ContinuedAsNew, OrchestrationStatus.Suspended];

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
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
        await CreateAsync(id, started, options?.DedupeStatuses, cancellation);
        return id;
    }

    public override async Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default)
    {
        var state = await StateAsync(instanceId, cancellation) ?? throw new ArgumentException(Unknown(instanceId), nameof(instanceId));
        var id = restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId;
        if (!restartWithNewInstanceId && s_running.Contains(state.OrchestrationStatus))
            throw new InvalidOperationException($"The orchestration '{instanceId}' has not ended ({state.OrchestrationStatus}), so it can be restarted with a new id only.");
        var started = new ExecutionStartedEvent(-1, state.Input) { Name = state.Name, Version = state.Version, Tags = state.Tags };
        await CreateAsync(id, started, dedupe: null, cancellation);
        return id;
    }

    public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return SendAsync(instanceId, new EventRaisedEvent(-1, JsonDataConverter.Default.Serialize(eventPayload)) { Name = eventName }, cancellation);
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        if (options?.Recursive == true)
            throw new NotSupportedException("The storage provider cannot terminate sub-orchestrations with their parent: terminate each by its own id.");
        await SendAsync(instanceId, new ExecutionTerminatedEvent(-1, JsonDataConverter.Default.Serialize(options?.Output)), cancellation);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionSuspendedEvent(-1, reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionResumedEvent(-1, reason), cancellation);

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        await StateAsync(instanceId, cancellation) is { } state ? Metadata(state, getInputsAndOutputs) : null;

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, state => state.OrchestrationStatus != OrchestrationStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, state => !s_running.Contains(state.OrchestrationStatus), getInputsAndOutputs, cancellation);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => Pageable.Create(
        async (continuation, pageSize, cancellation) =>
        {
            await hub.EnsureCreatedAsync(cancellation);
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
                cancellation);
            return new Page<OrchestrationMetadata>(
                [.. found.OrchestrationState.Select(state => Metadata(state, filter?.FetchInputsAndOutputs ?? false))], found.ContinuationToken);
        });

    public override async Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        RefuseRecursive(options);
        if (await StateAsync(instanceId, cancellation) is not { } state || s_running.Contains(state.OrchestrationStatus))
            return new PurgeResult(0);
        return Result(await ((IOrchestrationServicePurgeClient)hub.Service).PurgeInstanceStateAsync(instanceId));
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        RefuseRecursive(options);
        await hub.EnsureCreatedAsync(cancellation);
        var statuses = filter.Statuses?.Select(ToCore).ToList();
        return Result(await ((IOrchestrationServicePurgeClient)hub.Service).PurgeInstanceStateAsync(
            new PurgeInstanceFilter(filter.CreatedFrom?.UtcDateTime ?? DateTime.MinValue, filter.CreatedTo?.UtcDateTime, statuses) { Timeout = filter.Timeout }));
    }

    public override async Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default)
    {
        var state = await StateAsync(instanceId, cancellation) ?? throw new ArgumentException(Unknown(instanceId), nameof(instanceId));
        return HistoryJson.Read(await hub.Service.GetOrchestrationHistoryAsync(instanceId, state.OrchestrationInstance.ExecutionId));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task CreateAsync(string id, ExecutionStartedEvent started, IReadOnlyList<string>? dedupe, CancellationToken cancellation)
    {
        await hub.EnsureCreatedAsync(cancellation);
        started.OrchestrationInstance = new OrchestrationInstance { InstanceId = id, ExecutionId = Guid.NewGuid().ToString("N") };
        // The engine's spans of the orchestration and its activities become part of the trace that starts it.
        if (Activity.Current is { Recorded: true, Id: { } parent } activity)
            started.ParentTraceContext = new DistributedTraceContext(parent, activity.TraceStateString);
        await hub.Service.CreateTaskOrchestrationAsync(
            new TaskMessage { OrchestrationInstance = started.OrchestrationInstance, Event = started }, [.. s_running.Union((dedupe ?? []).Select(Status))]);
    }

    private async Task SendAsync(string instanceId, HistoryEvent message, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await hub.EnsureCreatedAsync(cancellation);
        await hub.Service.SendTaskOrchestrationMessageAsync(
            new TaskMessage { OrchestrationInstance = new OrchestrationInstance { InstanceId = instanceId }, Event = message });
    }

    private async Task<OrchestrationState?> StateAsync(string instanceId, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await hub.EnsureCreatedAsync(cancellation);
        var states = await hub.Service.GetOrchestrationStateAsync(instanceId, allExecutions: false).WaitAsync(cancellation);
        return states.Count > 0 ? states[0] : null;
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string instanceId, Func<OrchestrationState, bool> isReached, bool getInputsAndOutputs, CancellationToken cancellation)
    {
        for (var pause = s_firstLook; ; pause = pause * 1.5 < s_longestPause ? pause * 1.5 : s_longestPause)
        {
            var state = await StateAsync(instanceId, cancellation) ?? throw new InvalidOperationException(Unknown(instanceId));
            if (isReached(state))
                return Metadata(state, getInputsAndOutputs);
            await Task.Delay(pause, time, cancellation);
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
