using Larder.Registry.Access;

namespace Larder.Lineage;

/// <summary>One walk through the graph: for whom, and what was read for it, so that nothing is read twice.</summary>
/// <param name="caller">The caller.</param>
/// <param name="records">The most records of a kind that a scan reads (<see cref="LineageOptions.Records"/>).</param>
public sealed class LineageWalk(Caller caller, int records)
{
    private readonly Dictionary<object, object> _read = [];

    /// <summary>Who asks: what this caller may not see is not shown.</summary>
    public Caller Caller => caller;

    /// <summary>The most records of a kind that a scan reads.</summary>
    public int Records => records;

    /// <summary>Whether something may be missing, since a limit ended a scan or the walk.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Notes that something may be missing.</summary>
    public void Truncate() => IsTruncated = true;

    /// <summary>What was read under a key, or is read now.</summary>
    /// <param name="key">What tells it from all else that the walk reads.</param>
    /// <param name="read">Reads it.</param>
    /// <typeparam name="T">What it is.</typeparam>
    public async Task<T> OnceAsync<T>(object key, Func<Task<T>> read)
        where T : class
    {
        if (_read.TryGetValue(key, out var known))
            return (T)known;
        var value = await read();
        _read[key] = value;
        return value;
    }

    /// <summary>The first records of a scan, as many as a walk may read.</summary>
    /// <param name="scan">The scan.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <typeparam name="T">What is read.</typeparam>
    public async Task<IReadOnlyList<T>> SomeAsync<T>(IAsyncEnumerable<T> scan, CancellationToken cancellationToken)
    {
        var read = new List<T>();
        await foreach (var one in scan.WithCancellation(cancellationToken))
        {
            if (read.Count == records)
            {
                Truncate();
                break;
            }
            read.Add(one);
        }
        return read;
    }
}
