namespace Larder.Registry.Errors;

/// <summary>What is stored forbids the change (409): an alias points at what should go, a name is taken.</summary>
public class ConflictException(string message) : RegistryException(message);
