namespace Larder.Registry.Errors;

/// <summary>
/// Why the registry did not do what it was asked to. The message is a sentence for the caller: it names no path, no storage account and no
/// stack. What kind of answer it deserves is in the subclass.
/// </summary>
public abstract class RegistryException : Exception
{
    private protected RegistryException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
