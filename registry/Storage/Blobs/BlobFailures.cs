using Azure;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage.Blobs;

/// <summary>Tells an outage of the storage account from everything else, and says it in the registry's own words.</summary>
internal static class BlobFailures
{
    /// <summary>Runs a storage call. What the call did not handle itself becomes <see cref="StorageUnavailableException"/>.</summary>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Whether the storage account, or the way to it, is at fault.</summary>
    public static bool IsOutage(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        RequestFailedException or HttpRequestException or IOException => true,
        // What the client throws when every try failed.
        AggregateException all => all.InnerExceptions.All(e => IsOutage(e, cancellationToken)),
        // A timeout of the client looks like a cancellation although no caller cancelled.
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => false,
    };

    public static StorageUnavailableException Unavailable(Exception exception)
    {
        var failed = exception as RequestFailedException ?? (exception as AggregateException)?.InnerExceptions.OfType<RequestFailedException>().FirstOrDefault();
        var reason = failed?.ErrorCode is { } code ? $" ({code})" : "";
        return new StorageUnavailableException($"The storage account does not answer as it should{reason}; try again later.", exception);
    }
}
