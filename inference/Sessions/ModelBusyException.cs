using Larder.Inference.Limits;

namespace Larder.Inference.Sessions;

/// <summary>More requests wait for a model than <see cref="InferenceLimits.QueuedRuns"/> allows. Trying again later may succeed.</summary>
public sealed class ModelBusyException(string message) : Exception(message);
