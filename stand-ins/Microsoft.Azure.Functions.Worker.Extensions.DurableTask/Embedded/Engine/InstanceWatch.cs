using System.Collections.Concurrent;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Tells those who wait for an instance, in this process, how far it has come: who waits for its end need not read its document after each turn.
/// </summary>
internal sealed class InstanceWatch
{
    private readonly ConcurrentDictionary<(string Instance, InstanceStage Stage), TaskCompletionSource> waiting = [];

    /// <summary>Completes when the instance changes next. Ask before looking at it.</summary>
    public Task NextChange(string instance) => Next(instance, InstanceStage.Changed);

    /// <summary>Completes at the next change that leaves the instance at a stage, or beyond. Ask before looking at it.</summary>
    public Task Next(string instance, InstanceStage stage) =>
        waiting.GetOrAdd((instance, stage), static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The instance has changed.</summary>
    public void Changed(InstanceDocument document)
    {
        Tell(document.Instance, InstanceStage.Changed);
        if (document.HasStarted)
            Tell(document.Instance, InstanceStage.Started);
        if (document.IsFinal)
            Tell(document.Instance, InstanceStage.Ended);
    }

    private void Tell(string instance, InstanceStage stage)
    {
        if (waiting.TryRemove((instance, stage), out var source))
            source.SetResult();
    }
}
