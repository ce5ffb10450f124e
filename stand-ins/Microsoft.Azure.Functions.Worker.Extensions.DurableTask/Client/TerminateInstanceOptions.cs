namespace Microsoft.DurableTask.Client;

/// <summary>How to end an instance.</summary>
/// <param name="Output">Its output.</param>
/// <param name="Recursive">Whether the orchestrations that it has called, and that still run, are ended too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);
