namespace Microsoft.DurableTask.Embedded;

/// <summary>Older episodes of a history, in a blob that never changes: a JSON array.</summary>
/// <param name="Blob">Its name.</param>
/// <param name="Events">How many events it holds.</param>
internal sealed record Segment(string Blob, int Events);
