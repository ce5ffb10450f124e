namespace Microsoft.DurableTask.Client;

/// <summary>What a purge has done.</summary>
public class PurgeResult
{
    /// <summary>So many were purged.</summary>
    public PurgeResult(int count) => PurgedInstanceCount = count;

    /// <summary>So many were purged, and perhaps not all.</summary>
    public PurgeResult(int count, bool? isComplete)
        : this(count) => IsComplete = isComplete;

    /// <summary>How many were purged.</summary>
    public int PurgedInstanceCount { get; }

    /// <summary>Whether these were all; null when nobody knows.</summary>
    public bool? IsComplete { get; }
}
