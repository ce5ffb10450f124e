using System.Collections.Concurrent;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Tells those who wait for an instance, in this process, that it has changed.</summary>
internal sealed class InstanceWatch
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>Completes when the instance changes next. Ask before looking at it.</summary>
    public Task NextChange(string instance) =>
        waiting.GetOrAdd(instance, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The instance has changed.</summary>
    public void Changed(string instance)
    {
        if (waiting.TryRemove(instance, out var source))
            source.SetResult();
    }
}
