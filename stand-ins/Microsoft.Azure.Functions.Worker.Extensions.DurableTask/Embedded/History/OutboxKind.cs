namespace Microsoft.DurableTask.Embedded;

/// <summary>What one instance has for others. The names are stored.</summary>
internal enum OutboxKind
{
    /// <summary>Start an orchestration.</summary>
    Start,

    /// <summary>The result of a called orchestration, for its caller.</summary>
    Result,

    /// <summary>An event.</summary>
    Event,

    /// <summary>End an orchestration that was called.</summary>
    Terminate,

    /// <summary>Remove the blobs of a generation, or of an execution, that is over.</summary>
    Sweep,
}
