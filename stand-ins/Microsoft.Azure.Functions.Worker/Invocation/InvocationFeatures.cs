using System.Collections;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Features of one invocation: few, so a list is enough.</summary>
internal sealed class InvocationFeatures : IInvocationFeatures
{
    private readonly List<KeyValuePair<Type, object>> _features = [];

    public T? Get<T>()
    {
        foreach (var (type, feature) in _features)
            if (type == typeof(T))
                return (T)feature;
        return default;
    }

    public void Set<T>(T instance)
    {
        _features.RemoveAll(static feature => feature.Key == typeof(T));
        if (instance is not null)
            _features.Add(new(typeof(T), instance));
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
