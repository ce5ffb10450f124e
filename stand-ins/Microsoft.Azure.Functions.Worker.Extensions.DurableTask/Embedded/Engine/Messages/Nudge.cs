namespace Microsoft.DurableTask.Embedded;

/// <summary>There may be something to do: the instance is new, or its time has come.</summary>
internal sealed record Nudge : Message;
