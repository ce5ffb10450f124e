using System.Collections.Concurrent;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Tells those who wait for an instance, in this process, what was stored of it: who waits for its end need not read its document after each turn.
/// </summary>
internal sealed class InstanceWatch
{
    private readonly ConcurrentDictionary<(string Instance, InstanceStage Stage), TaskCompletionSource<InstanceDocument>> waiting = [];

    /// <summary>Completes when the instance changes next. Ask before looking at it.</summary>
    public Task<InstanceDocument> NextChange(string instance) => Next(instance, InstanceStage.Changed);

    /// <summary>Completes, with what was stored, at the next change that leaves the instance at a stage, or beyond. Ask before looking at it.</summary>
    public Task<InstanceDocument> Next(string instance, InstanceStage stage) =>
        waiting.GetOrAdd((instance, stage), static _ => new TaskCompletionSource<InstanceDocument>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The instance has changed.</summary>
    public void Changed(InstanceDocument document)
    {
        Tell(document, InstanceStage.Changed);
        if (document.HasStarted)
            Tell(document, InstanceStage.Started);
        if (document.IsFinal)
            Tell(document, InstanceStage.Ended);
    }

    private void Tell(InstanceDocument document, InstanceStage stage)
    {
        if (waiting.TryRemove((document.Instance, stage), out var source))
            source.SetResult(document);
    }
}
