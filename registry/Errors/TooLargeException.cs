namespace Larder.Registry.Errors;

/// <summary>More bytes than are allowed, or than there is room for now (413).</summary>
public class TooLargeException(string message) : RegistryException(message);
