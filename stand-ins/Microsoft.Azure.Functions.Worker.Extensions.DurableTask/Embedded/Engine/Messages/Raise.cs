namespace Microsoft.DurableTask.Embedded;

/// <summary>An event is raised.</summary>
internal sealed record Raise(string Name, Payload? Value) : Message;
