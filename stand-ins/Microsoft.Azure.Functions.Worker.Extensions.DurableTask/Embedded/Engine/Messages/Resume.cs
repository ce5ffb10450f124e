namespace Microsoft.DurableTask.Embedded;

/// <summary>The instance may go on.</summary>
internal sealed record Resume : Message;
