namespace Microsoft.DurableTask.Embedded;

/// <summary>Something that has happened to an orchestration, and that its code gets to see.</summary>
/// <param name="Kind">What.</param>
/// <param name="Id">Of results, failures and timers: of which decision.</param>
/// <param name="Name">Of events: their name.</param>
/// <param name="Value">Of results and events: the value.</param>
/// <param name="Failure">Of failures: the failure.</param>
internal sealed record Arrival(ArrivalKind Kind, int? Id = null, string? Name = null, Payload? Value = null, FailureRecord? Failure = null);
