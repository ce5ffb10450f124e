namespace Microsoft.DurableTask.Embedded;

/// <summary>The instance is to be held.</summary>
internal sealed record Suspend : Message;
