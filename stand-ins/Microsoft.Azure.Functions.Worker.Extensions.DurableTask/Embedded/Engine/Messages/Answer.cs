namespace Microsoft.DurableTask.Embedded;

/// <summary>The answer to a decision: a result, a failure, a timer's time. One that comes twice, or too late, is dropped.</summary>
/// <param name="Execution">The execution that decided.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Arrival">The answer.</param>
internal sealed record Answer(string Execution, int Generation, Arrival Arrival) : Message;
