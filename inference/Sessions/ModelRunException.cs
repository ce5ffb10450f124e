namespace Larder.Inference;

/// <summary>A run failed for a reason that is not the input's: no memory, a fault of the runtime. The cause is the inner exception.</summary>
public sealed class ModelRunException(string message, Exception innerException) : Exception(message, innerException);
