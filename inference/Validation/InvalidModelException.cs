namespace Larder.Inference.Validation;

/// <summary>The file is not a model that can be served. The message is a sentence for the person who uploaded it.</summary>
public sealed class InvalidModelException(string message) : Exception(message);
