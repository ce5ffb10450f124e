using Azure;

namespace Microsoft.DurableTask.Embedded;

/// <summary>An instance as it stands in storage.</summary>
/// <param name="Document">What is known of it.</param>
/// <param name="ETag">Which write that was.</param>
internal sealed record StoredInstance(InstanceDocument Document, ETag ETag);
