namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a trigger said of itself.</summary>
public abstract class BindingContext
{
    /// <summary>Values by name (compared without case): a blob's path parts, a request's route values.</summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}
