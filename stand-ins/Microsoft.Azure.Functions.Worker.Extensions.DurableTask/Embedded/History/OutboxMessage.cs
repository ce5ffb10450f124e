namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Something that an instance has for another. It is stored with the turn that decided it, delivered after that, and again after a crash, until
/// the instance has stored that it was delivered: receivers tell by <paramref name="Id"/> what they have already.
/// </summary>
/// <param name="Id">The same each time it is delivered.</param>
/// <param name="Kind">What.</param>
/// <param name="Instance">For whom; of a sweep, the folder to remove.</param>
/// <param name="Name">The orchestrator or the event.</param>
/// <param name="Value">Input, result or event.</param>
/// <param name="Failure">Of a result: the failure, if it is one.</param>
/// <param name="Version">Of a start: the version.</param>
/// <param name="Link">Of starts and results: the call.</param>
/// <param name="Start">Of a termination: the id of the start of the orchestration that is meant.</param>
internal sealed record OutboxMessage(
    string Id,
    OutboxKind Kind,
    string Instance,
    string? Name = null,
    Payload? Value = null,
    FailureRecord? Failure = null,
    string? Version = null,
    ParentLink? Link = null,
    string? Start = null);
