namespace DurableTask.Core.Exceptions;

/// <summary>
/// An orchestration was not started, since one of its id has not ended. It is called as the official one, which is in an assembly that nobody needs to
/// refer to: catch Exception, and look at the instance.
/// </summary>
internal sealed class OrchestrationAlreadyExistsException(string message) : Exception(message);
