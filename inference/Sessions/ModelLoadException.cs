namespace Larder.Inference.Sessions;

/// <summary>A model that was accepted once cannot be loaded now. The message is a sentence; the cause is the inner exception.</summary>
public sealed class ModelLoadException(string message, Exception innerException) : Exception(message, innerException);
