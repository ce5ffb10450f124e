using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Larder.Host.Http;

/// <summary>
/// The items of an invocation by a request. Each has the request, for the worker's GetHttpContext(), and few have anything else: a dictionary, which would be a tenth of what
/// a prediction allocates, is made when something is added.
/// </summary>
internal sealed class HttpItems(HttpFunctionContext context) : IDictionary<object, object>
{
    // Where the worker's GetHttpContext() looks.
    private const string HttpContextKey = "HttpRequestContext";

    private Dictionary<object, object>? _all;

    public ICollection<object> Keys => All.Keys;

    public ICollection<object> Values => All.Values;

    public int Count => All.Count;

    public bool IsReadOnly => false;

    private Dictionary<object, object> All => _all ??= new() { [HttpContextKey] = context.HttpContext };

    /// <summary>Forgets what was added.</summary>
    public void Reset() => _all = null;

    public object this[object key]
    {
        get => All[key];
        set => All[key] = value;
    }

    public bool TryGetValue(object key, [MaybeNullWhen(false)] out object value)
    {
        if (_all is not null)
            return _all.TryGetValue(key, out value);
        value = key is HttpContextKey ? context.HttpContext : null;
        return value is not null;
    }

    public bool ContainsKey(object key) => TryGetValue(key, out _);

    public void Add(object key, object value) => All.Add(key, value);

    public bool Remove(object key) => All.Remove(key);

    public void Clear() => All.Clear();

    public IEnumerator<KeyValuePair<object, object>> GetEnumerator() => All.GetEnumerator();

    void ICollection<KeyValuePair<object, object>>.Add(KeyValuePair<object, object> item) => ((ICollection<KeyValuePair<object, object>>)All).Add(item);

    bool ICollection<KeyValuePair<object, object>>.Contains(KeyValuePair<object, object> item) => ((ICollection<KeyValuePair<object, object>>)All).Contains(item);

    void ICollection<KeyValuePair<object, object>>.CopyTo(KeyValuePair<object, object>[] array, int arrayIndex) => ((ICollection<KeyValuePair<object, object>>)All).CopyTo(array, arrayIndex);

    bool ICollection<KeyValuePair<object, object>>.Remove(KeyValuePair<object, object> item) => ((ICollection<KeyValuePair<object, object>>)All).Remove(item);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
