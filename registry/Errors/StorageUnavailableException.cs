namespace Larder.Registry.Errors;

/// <summary>
/// The storage account did not answer as it should, after retries (503). What was to be written may be written or not: reading again tells.
/// </summary>
public sealed class StorageUnavailableException(string message, Exception? inner = null) : RegistryException(message, inner);
