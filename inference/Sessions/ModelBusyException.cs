namespace Larder.Inference;

/// <summary>More requests wait for a model than <see cref="InferenceLimits.QueuedRuns"/> allows. Trying again later may succeed.</summary>
public sealed class ModelBusyException(string message) : Exception(message);
