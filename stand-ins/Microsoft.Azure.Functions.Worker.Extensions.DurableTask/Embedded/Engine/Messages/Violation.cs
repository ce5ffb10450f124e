namespace Microsoft.DurableTask.Embedded;

/// <summary>The instance's code was found, between two turns, to have done what it must not.</summary>
internal sealed record Violation(string Execution, int Generation, string Sentence) : Message;
