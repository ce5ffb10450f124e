namespace Microsoft.DurableTask.Embedded;

/// <summary>What a client asks of an instance. The names are stored.</summary>
internal enum InboxKind
{
    /// <summary>Look at it: it was just stored.</summary>
    Wake,

    /// <summary>Raise an event.</summary>
    Raise,

    /// <summary>End it.</summary>
    Terminate,

    /// <summary>Hold it.</summary>
    Suspend,

    /// <summary>Let it go on.</summary>
    Resume,
}
