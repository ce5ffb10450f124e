namespace Microsoft.DurableTask.Embedded;

/// <summary>What can happen to an orchestration. The names are stored.</summary>
internal enum ArrivalKind
{
    /// <summary>It begins; its input is in the document.</summary>
    Started,

    /// <summary>An activity or an orchestration that it called has a result.</summary>
    Completed,

    /// <summary>An activity or an orchestration that it called has failed.</summary>
    Failed,

    /// <summary>A timer has come to its time.</summary>
    Fired,

    /// <summary>An event was raised.</summary>
    Raised,
}
