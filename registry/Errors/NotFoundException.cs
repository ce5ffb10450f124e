namespace Larder.Registry.Errors;

/// <summary>The model, version or alias does not exist (404).</summary>
public sealed class NotFoundException(string message) : RegistryException(message);
