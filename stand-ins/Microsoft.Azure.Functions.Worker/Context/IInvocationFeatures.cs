namespace Microsoft.Azure.Functions.Worker;

/// <summary>What is known of an invocation, by type.</summary>
public interface IInvocationFeatures : IEnumerable<KeyValuePair<Type, object>>
{
    /// <summary>Sets the feature of a type, in place of an earlier one.</summary>
    void Set<T>(T instance);

    /// <summary>The feature of a type, or null.</summary>
    T? Get<T>();
}
