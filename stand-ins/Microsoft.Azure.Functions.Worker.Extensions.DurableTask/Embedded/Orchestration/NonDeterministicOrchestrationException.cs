namespace DurableTask.Core.Exceptions;

/// <summary>An orchestrator's code, run again, has decided otherwise than its history says. It is called as the official one, which clients know it by.</summary>
internal sealed class NonDeterministicOrchestrationException(string message) : Exception(message);
