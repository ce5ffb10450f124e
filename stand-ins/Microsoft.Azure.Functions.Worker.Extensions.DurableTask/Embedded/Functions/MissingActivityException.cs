namespace Microsoft.DurableTask.Embedded;

/// <summary>There is no activity of the name that an orchestrator has called.</summary>
internal sealed class MissingActivityException(string message) : ArgumentException(message);
