namespace Microsoft.DurableTask.Embedded;

/// <summary>All that an ended instance had for others is delivered.</summary>
internal sealed record OutboxDelivered : Message;
