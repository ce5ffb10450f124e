namespace Microsoft.DurableTask.Embedded;

/// <summary>A message that lies in the inbox.</summary>
/// <param name="Blob">The blob that it is.</param>
/// <param name="Written">When it was written.</param>
/// <param name="Message">What it says.</param>
internal sealed record InboxEntry(string Blob, DateTimeOffset Written, InboxMessage Message);
