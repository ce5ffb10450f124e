namespace Larder.Inference;

/// <summary>Too many models wait to be validated. It is not the file's fault: the caller should try again later.</summary>
public sealed class ValidatorBusyException() : Exception("Too many models are being validated; try again later.");
