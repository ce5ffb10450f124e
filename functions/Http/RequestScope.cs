using System.Collections;

namespace Larder.Functions.Http;

/// <summary>
/// The log scope of a request: its id and its W3C trace. Background work that outlives the request is not logged with it.
/// </summary>
/// <param name="requestId">The request's id.</param>
/// <param name="traceId">The trace's id, 32 hexadecimal digits; null when the request names none.</param>
internal sealed class RequestScope(string requestId, string? traceId) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private volatile bool _isOver;

    /// <inheritdoc />
    public int Count => _isOver ? 0 : traceId is null ? 1 : 2;

    /// <inheritdoc />
    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("RequestId", requestId),
        1 when traceId is not null => new("TraceId", traceId),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <summary>The request was answered.</summary>
    public void End() => _isOver = true;

    /// <inheritdoc />
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    /// <summary>As a console shows it.</summary>
    public override string ToString() => _isOver ? "" : traceId is null ? $"RequestId:{requestId}" : $"RequestId:{requestId} TraceId:{traceId}";

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
