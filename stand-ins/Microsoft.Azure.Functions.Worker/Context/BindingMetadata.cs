namespace Microsoft.Azure.Functions.Worker;

/// <summary>One binding of a function.</summary>
public abstract class BindingMetadata
{
    /// <summary>The binding's name: its parameter's.</summary>
    public abstract string Name { get; }

    /// <summary>The binding's type: <c>httpTrigger</c>, <c>blobTrigger</c> ...</summary>
    public abstract string Type { get; }

    /// <summary>Whether the function reads it or writes it.</summary>
    public abstract BindingDirection Direction { get; }
}
