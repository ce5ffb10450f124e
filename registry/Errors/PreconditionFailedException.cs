namespace Larder.Registry.Errors;

/// <summary>What the caller said it had read is no longer what is stored (412).</summary>
public class PreconditionFailedException(string message) : RegistryException(message);
