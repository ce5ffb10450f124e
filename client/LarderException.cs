using System.Net;

namespace Larder.Client;

/// <summary>A request that failed: the server refused it, or could not be reached.</summary>
public sealed class LarderException : Exception
{
    internal LarderException(string message, HttpStatusCode? statusCode = null, string? requestId = null, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner) =>
        (StatusCode, RequestId, RetryAfter) = (statusCode, requestId, retryAfter);

    /// <summary>The status of the answer; null when there was none, because the server cannot be reached or the connection broke off.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>The id by which the server's log has the request; null when there was no answer with one.</summary>
    public string? RequestId { get; }

    /// <summary>How long the server asks to wait before the next try; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; }
}
