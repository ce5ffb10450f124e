namespace Microsoft.DurableTask.Client;

/// <summary>How to purge.</summary>
/// <param name="Recursive">Whether the orchestrations that an instance has called are purged too.</param>
public record PurgeInstanceOptions(bool Recursive = false);
