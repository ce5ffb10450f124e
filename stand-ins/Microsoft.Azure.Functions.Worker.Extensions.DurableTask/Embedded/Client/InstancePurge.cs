using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Removes instances that have ended.</summary>
internal sealed class InstancePurge(HubStore store, TaskHubWorker worker, TimeProvider clock)
{
    private const int ListedAtOnce = 1000;

    /// <summary>Removes an instance.</summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> PurgeAsync(string instance, bool isRecursive, CancellationToken cancellationToken)
    {
        if (await store.Instances.ReadAsync(instance, cancellationToken) is not { Document.IsFinal: true } stored)
            return 0;

        // What it still has for others, such as its result for its caller, goes first. That takes a moment, where a host runs the hub.
        if (stored.Document.IsActive)
        {
            if (worker.Hub is not { } hub)
                return 0;
            if (await hub.FindAsync(instance, cancellationToken) is { } ending)
                await ending.Gone.WaitAsync(cancellationToken);
            return await PurgeAsync(instance, isRecursive, cancellationToken);
        }

        var document = stored.Document;
        var called = isRecursive ? await FindCalledAsync(document, cancellationToken) : [];

        // The document last: while it is there, whatever was cut short can be done again.
        if (document.HasBlobs)
            await store.Data.SweepAsync(BlobNames.DataOf(document.Instance, document.Execution), cancellationToken);
        var count = await store.Instances.DeleteAsync(stored, cancellationToken) ? 1 : 0;
        foreach (var child in called)
            count += await PurgeAsync(child, isRecursive, cancellationToken);
        return count;
    }

    /// <summary>Removes the instances for which a filter holds.</summary>
    public async Task<PurgeResult> PurgeAsync(PurgeInstancesFilter filter, bool isRecursive, CancellationToken cancellationToken)
    {
        if (filter.Timeout is { } limit)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(filter));
        var start = clock.GetTimestamp();
        var statuses = filter.Statuses?.ToHashSet();
        var count = 0;
        await foreach (var (instances, _) in store.Instances.ListAsync("", null, ListedAtOnce, cancellationToken))
        {
            foreach (var instance in instances)
            {
                if (instance.Created < filter.CreatedFrom || instance.Created > filter.CreatedTo || statuses?.Contains(instance.Status) == false)
                    continue;
                if (clock.GetElapsedTime(start) >= filter.Timeout)
                    return new PurgeResult(count, isComplete: false);
                count += await PurgeAsync(instance.Instance, isRecursive, cancellationToken);
            }
        }

        return new PurgeResult(count, isComplete: true);
    }

    private async Task<IReadOnlyList<string>> FindCalledAsync(InstanceDocument document, CancellationToken cancellationToken)
    {
        var history = await store.Data.ReadSegmentsAsync(document.Segments, cancellationToken);
        history.AddRange(document.Tail);
        return [.. history.SelectMany(episode => episode.Decisions)
            .Where(decision => decision.Kind == DecisionKind.Orchestration)
            .Select(decision => decision.Instance!)
            .Distinct()];
    }
}
