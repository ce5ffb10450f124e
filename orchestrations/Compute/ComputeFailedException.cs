namespace Larder.Orchestrations.Compute;

/// <summary>A backend cannot run a task, and trying again would not help: the message is the reason, in a sentence.</summary>
public sealed class ComputeFailedException(string message) : Exception(message);
