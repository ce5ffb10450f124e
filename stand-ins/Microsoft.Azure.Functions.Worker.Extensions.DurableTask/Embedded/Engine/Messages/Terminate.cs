namespace Microsoft.DurableTask.Embedded;

/// <summary>The instance is to end.</summary>
/// <param name="Output">Its output.</param>
/// <param name="IsRecursive">Whether the orchestrations that it has called are to end too.</param>
/// <param name="Start">The start that is meant; null for whatever runs under the id.</param>
internal sealed record Terminate(Payload? Output, bool IsRecursive, string? Start = null) : Message;
