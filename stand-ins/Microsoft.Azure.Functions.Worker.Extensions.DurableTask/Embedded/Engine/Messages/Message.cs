namespace Microsoft.DurableTask.Embedded;

/// <summary>Something that an instance is told.</summary>
internal abstract record Message;
