namespace Microsoft.DurableTask.Embedded;

/// <summary>What a client asks of an instance, through storage: the client's process is not the one that runs the task hub.</summary>
/// <param name="Id">The same each time it is read.</param>
/// <param name="Kind">What.</param>
/// <param name="Instance">Of which instance.</param>
/// <param name="Execution">To look at: the execution that was stored.</param>
/// <param name="Name">Of an event: its name.</param>
/// <param name="Value">The event's value or the output.</param>
/// <param name="Recursive">Of a termination: whether called orchestrations are meant too.</param>
internal sealed record InboxMessage(
    string Id, InboxKind Kind, string Instance, string? Execution = null, string? Name = null, string? Value = null, bool Recursive = false)
{
    /// <summary>What the instance is told.</summary>
    public Message ToMessage() => Kind switch
    {
        InboxKind.Raise => new Raise(Name!, Payload.Of(Value)),
        InboxKind.Terminate => new Terminate(Payload.Of(Value), Recursive),
        InboxKind.Suspend => new Suspend(),
        InboxKind.Resume => new Resume(),
        _ => new Nudge(),
    };
}
