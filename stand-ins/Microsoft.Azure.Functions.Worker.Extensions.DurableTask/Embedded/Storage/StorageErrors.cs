using Azure;

namespace Microsoft.DurableTask.Embedded;

/// <summary>What a failed request means.</summary>
internal static class StorageErrors
{
    /// <summary>The blob is not as the request's condition says, or is there already.</summary>
    public static bool IsConflict(RequestFailedException error) => error.Status is 409 or 412;

    /// <summary>Storage is out of reach, or overloaded: the same request may succeed later.</summary>
    /// <param name="error">The failure.</param>
    /// <param name="cancellationToken">The request's token: what it has cancelled is not a failure.</param>
    public static bool IsTransient(Exception error, CancellationToken cancellationToken) => error switch
    {
        RequestFailedException failed => failed.Status is 0 or 408 or 429 or >= 500,
        AggregateException several => several.InnerExceptions.All(inner => IsTransient(inner, cancellationToken)),
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        IOException or HttpRequestException => true,
        _ => false,
    };
}
