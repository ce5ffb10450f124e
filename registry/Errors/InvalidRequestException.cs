namespace Larder.Registry.Errors;

/// <summary>The request cannot be meant (422): a name that is none, a limit out of range. Thrown before any I/O.</summary>
public sealed class InvalidRequestException(string message) : RegistryException(message);
