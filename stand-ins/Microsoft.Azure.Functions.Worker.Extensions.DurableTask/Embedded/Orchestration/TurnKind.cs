namespace Microsoft.DurableTask.Embedded;

/// <summary>How a turn has ended.</summary>
internal enum TurnKind
{
    /// <summary>The code waits for something.</summary>
    Waiting,

    /// <summary>The code has returned.</summary>
    Completed,

    /// <summary>The code has thrown, or has done what it must not.</summary>
    Failed,

    /// <summary>The code has returned, and is to begin anew.</summary>
    ContinuedAsNew,
}
