namespace Larder.Registry.Errors;

/// <summary>The caller may not do this: its role is too low, or its scope does not have the model.</summary>
/// <param name="message">A sentence that names the role or the scope that is needed.</param>
public sealed class ForbiddenException(string message) : RegistryException(message);
