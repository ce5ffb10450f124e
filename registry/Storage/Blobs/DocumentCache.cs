using System.Diagnostics.CodeAnalysis;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// The bytes of documents by blob name and ETag, at most so many; the least recently used go first. It answers only for the ETag that
/// it is asked for, so it is never stale, however many hosts write.
/// </summary>
internal sealed class DocumentCache(long maxBytes)
{
    // What an entry costs besides its content, about.
    private const int Overhead = 300;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;

    public bool TryGet(string name, string etag, [NotNullWhen(true)] out BinaryData? content)
    {
        lock (_gate)
        {
            content = null;
            if (!_entries.TryGetValue(name, out var node) || node.Value.ETag != etag)
                return false;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            content = node.Value.Content;
            return true;
        }
    }

    /// <summary>Whether it has a document of this ETag. That is no use of it.</summary>
    public bool Has(string name, string etag)
    {
        lock (_gate)
            return _entries.TryGetValue(name, out var node) && node.Value.ETag == etag;
    }

    public void Set(string name, string etag, BinaryData content)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out var old))
                Remove(old);
            _entries[name] = _byUse.AddFirst(new Entry(name, etag, content));
            _bytes += Cost(content);
            while (_bytes > maxBytes && _byUse.Last is { } last)
                Remove(last);
        }
    }

    /// <summary>Forgets a document.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out var node))
                Remove(node);
        }
    }

    private static long Cost(BinaryData content) => content.ToMemory().Length + Overhead;

    private void Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Name);
        _bytes -= Cost(node.Value.Content);
    }

    private sealed record Entry(string Name, string ETag, BinaryData Content);
}
