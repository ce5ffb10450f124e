using System.Diagnostics.CodeAnalysis;

namespace Larder.Registry;

/// <summary>
/// The bytes of documents by blob name and ETag, at most so many; the least recently used go first. It answers only for the ETag that
/// it is asked for, so it is never stale, however many hosts write.
/// </summary>
internal sealed class DocumentCache(long maxBytes)
{
    // What an entry costs besides its content, about.
    private const int Overhead = 300;

    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> byUse = new();
    private long bytes;

    public bool TryGet(string name, string etag, [NotNullWhen(true)] out BinaryData? content)
    {
        lock (gate)
        {
            content = null;
            if (!entries.TryGetValue(name, out var node) || node.Value.ETag != etag)
                return false;
            byUse.Remove(node);
            byUse.AddFirst(node);
            content = node.Value.Content;
            return true;
        }
    }

    public void Set(string name, string etag, BinaryData content)
    {
        lock (gate)
        {
            if (entries.TryGetValue(name, out var old))
                Remove(old);
            entries[name] = byUse.AddFirst(new Entry(name, etag, content));
            bytes += Cost(content);
            while (bytes > maxBytes && byUse.Last is { } last)
                Remove(last);
        }
    }

    private static long Cost(BinaryData content) => content.ToMemory().Length + Overhead;

    private void Remove(LinkedListNode<Entry> node)
    {
        byUse.Remove(node);
        entries.Remove(node.Value.Name);
        bytes -= Cost(node.Value.Content);
    }

    private sealed record Entry(string Name, string ETag, BinaryData Content);
}
