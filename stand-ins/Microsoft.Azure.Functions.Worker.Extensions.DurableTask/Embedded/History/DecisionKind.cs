namespace Microsoft.DurableTask.Embedded;

/// <summary>What an orchestrator can decide to do. The names are stored.</summary>
internal enum DecisionKind
{
    /// <summary>To call an activity.</summary>
    Activity,

    /// <summary>To call an orchestrator.</summary>
    Orchestration,

    /// <summary>To wait for a time.</summary>
    Timer,

    /// <summary>To raise an event for an instance.</summary>
    Event,
}
