namespace Larder.Inference.Tensors;

/// <summary>A prediction's input does not fit the model. The message names the input, what it expects and what came.</summary>
public sealed class InvalidInputException(string message) : Exception(message);
