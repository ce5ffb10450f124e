namespace Microsoft.DurableTask.Client;

/// <summary>How far an orchestration is.</summary>
public enum OrchestrationRuntimeStatus
{
    /// <summary>It has begun.</summary>
    Running,

    /// <summary>It has ended, and may have an output.</summary>
    Completed,

    /// <summary>It begins anew. Nobody sees this status: the instance is running again at once.</summary>
    ContinuedAsNew,

    /// <summary>It has ended with an error.</summary>
    Failed,

    /// <summary>Not used.</summary>
    Canceled,

    /// <summary>A client has ended it.</summary>
    Terminated,

    /// <summary>It has not begun yet.</summary>
    Pending,

    /// <summary>A client holds it.</summary>
    Suspended,
}
