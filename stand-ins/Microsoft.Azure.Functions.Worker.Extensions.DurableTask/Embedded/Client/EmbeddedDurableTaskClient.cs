using DurableTask.Core.Exceptions;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// The client. It reads storage, which always shows what is committed. What it asks of instances goes straight to the task hub when this process runs
/// it, and through the hub's inbox otherwise; either way it is stored when the call returns.
/// </summary>
internal sealed class EmbeddedDurableTaskClient(
    HubOptions options, HubStore store, TaskHubWorker worker, TimeProvider clock, InstanceWatch watch) : DurableTaskClient(options.HubName)
{
    // How soon a change is seen that another process makes.
    private static readonly TimeSpan shortestPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan longestPoll = TimeSpan.FromSeconds(1);

    private readonly InstanceReader reader = new(store);
    private readonly InstancePurge purge = new(store, worker, clock);

    // Whether something that this client has written may still lie in the inbox.
    private volatile bool hasWritten;

    private static JsonDataConverter Json => JsonDataConverter.Default;

    /// <inheritdoc/>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        var id = options?.InstanceId is { } given ? InstanceIds.Check(given) : $"{Guid.NewGuid():N}";
        var document = await DescribeAsync(id, orchestratorName.Name, Payload.Of(Json.Serialize(input)), options, cancellation);

        // Unless this process runs the hub, whoever does must be told; before, so that a crash in between leaves no instance that nobody knows of.
        var wake = new InboxMessage($"{Guid.NewGuid():N}", InboxKind.Wake, id, document.Execution);
        var hub = worker.Hub;
        var note = hub is null ? await WriteAsync(wake, cancellation) : null;
        var creation = new NewInstance(store, document);
        while (!await creation.TryCreateAsync(cancellation))
        {
            var existing = creation.Existing!.Document;
            if (!existing.IsFinal)
            {
                if (note is not null)
                    await store.Inbox.DeleteAsync(note, cancellation);
                throw new OrchestrationAlreadyExistsException($"An orchestration instance with the id '{id}' exists, and has not ended: it is {existing.Status}.");
            }

            // It has ended, and still has something for others, which takes a moment.
            await Task.WhenAny(watch.NextChange(id), Task.Delay(shortestPoll, TimeProvider.System, cancellation));
        }

        hub?.Add(new StoredInstance(creation.Document, creation.ETag));
        if (hub is not null && !await worker.IsSurelyHeldAsync(cancellation))
            await WriteAsync(wake, cancellation);
        return id;
    }

    /// <inheritdoc/>
    public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return TellAsync(NewMessage(InboxKind.Raise, instanceId) with { Name = eventName, Value = Json.Serialize(eventPayload) }, cancellation);
    }

    /// <inheritdoc/>
    public override Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default) =>
        TellAsync(NewMessage(InboxKind.Terminate, instanceId) with { Value = Json.Serialize(options?.Output), Recursive = options?.Recursive ?? false }, cancellation);

    /// <inheritdoc/>
    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        TellAsync(NewMessage(InboxKind.Suspend, instanceId), cancellation);

    /// <inheritdoc/>
    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        TellAsync(NewMessage(InboxKind.Resume, instanceId), cancellation);

    /// <inheritdoc/>
    public override Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return reader.ReadAsync(instanceId, getInputsAndOutputs, cancellation);
    }

    /// <inheritdoc/>
    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        var pages = new InstanceQuery(store, reader, options.HubName);
        return Pageable.Create((token, size, cancellation) => pages.ReadPageAsync(query, token ?? query.ContinuationToken, size ?? query.PageSize, cancellation));
    }

    /// <inheritdoc/>
    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, getInputsAndOutputs, InstanceStage.Started, static document => document.HasStarted, cancellation);

    /// <inheritdoc/>
    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, getInputsAndOutputs, InstanceStage.Ended, static document => document.IsFinal, cancellation);

    /// <inheritdoc/>
    public override async Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return new PurgeResult(await purge.PurgeAsync(instanceId, options?.Recursive ?? false, cancellation), isComplete: true);
    }

    /// <inheritdoc/>
    public override Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return purge.PurgeAsync(filter, options?.Recursive ?? false, cancellation);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InboxMessage NewMessage(InboxKind kind, string instanceId) => new($"{Guid.NewGuid():N}", kind, InstanceIds.Check(instanceId));

    private async Task<InstanceDocument> DescribeAsync(
        string id, string name, Payload? input, StartOrchestrationOptions? start, CancellationToken cancellation)
    {
        var document = NewInstance.Describe(id, name, start?.Version?.Version ?? options.DefaultVersion, clock.GetUtcNow());
        if (input is { MustSpill: true })
        {
            var folder = BlobNames.DataOf(id, document.Execution, 0);
            input = await store.InContainerAsync(() => store.Data.SpillAsync(folder, input, cancellation), cancellation);
        }

        return document with
        {
            Input = input?.Reference,
            HasBlobs = input?.Blob is not null,
            StartAt = start?.StartAt?.ToUniversalTime(),
            Tags = start is { Tags.Count: > 0 } ? start.Tags : null,
        };
    }

    private async Task TellAsync(InboxMessage message, CancellationToken cancellation)
    {
        if (worker.Hub is { } hub && await TryTellAsync(hub, message, cancellation))
            return;
        await WriteAsync(message, cancellation);
    }

    // False when the hub is not this process's any more, and the message was not stored.
    private async Task<bool> TryTellAsync(TaskHub hub, InboxMessage message, CancellationToken cancellation)
    {
        Instance? instance;
        try
        {
            await CatchUpAsync(hub, cancellation);
            instance = await hub.FindAsync(message.Instance, cancellation);
        }
        catch (Exception) when (hub.IsStopping && !cancellation.IsCancellationRequested)
        {
            return false;
        }

        if (instance is null)
            return true;
        var mail = new Mail(message.ToMessage());
        instance.Post(mail);
        try
        {
            await mail.Stored.WaitAsync(cancellation);
            return true;
        }
        catch (HubLostException lost)
        {
            return lost.IsUnknown
                ? throw new IOException($"The host lost the task hub while it stored a message for orchestration '{message.Instance}': nobody knows whether it is stored.", lost)
                : false;
        }
    }

    // Messages must not overtake those that were written before this process ran the hub.
    private async Task CatchUpAsync(TaskHub hub, CancellationToken cancellation)
    {
        if (!hasWritten)
            return;
        hasWritten = false;
        try
        {
            await hub.Inbox.ReadAsync(cancellation);
        }
        catch
        {
            hasWritten = true;
            throw;
        }
    }

    private Task<string> WriteAsync(InboxMessage message, CancellationToken cancellation)
    {
        hasWritten = true;
        return store.InContainerAsync(() => store.Inbox.WriteAsync(message, cancellation), cancellation);
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string instanceId, bool withData, InstanceStage stage, Func<InstanceDocument, bool> isReached, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        for (var wait = shortestPoll; ; wait = wait * 2 < longestPoll ? wait * 2 : longestPoll)
        {
            // What this process does is known, and told; what others do must be looked for.
            var reached = watch.Next(instanceId, stage);
            var hub = worker.Hub;
            var document = hub?.Peek(instanceId);
            if (document is null || isReached(document))
                document = (await store.Instances.ReadAsync(instanceId, cancellation))?.Document;
            if (document is not null && isReached(document))
                return await reader.DescribeAsync(document, withData, cancellation);

            await Task.WhenAny(reached, Task.Delay(hub is null ? wait : longestPoll, TimeProvider.System, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (reached.IsCompletedSuccessfully)
                return await reader.DescribeAsync(await reached, withData, cancellation);
        }
    }
}
