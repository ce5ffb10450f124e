using System.Net;
using Azure.Identity;
using Larder.Registry.Errors;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>Tells an outage of Cosmos DB from everything else, and says it in the registry's own words.</summary>
internal static class CosmosFailures
{
    /// <summary>Whether the account, or the way to it, is at fault; with the status that it answered, or 0.</summary>
    public static bool IsOutage(Exception exception, CancellationToken cancellationToken, out HttpStatusCode status)
    {
        status = exception is CosmosException answered ? answered.StatusCode : 0;
        return exception switch
        {
            CosmosException or HttpRequestException or IOException or AuthenticationFailedException => true,
            // A timeout of the client, or of the store, looks like a cancellation although no caller cancelled.
            OperationCanceledException => !cancellationToken.IsCancellationRequested,
            _ => false,
        };
    }

    /// <summary>
    /// Whether the same request may succeed at once: the connection broke, or one replica was busy with itself. What the account refused,
    /// or asked to wait for longer than the client may, is not sent again.
    /// </summary>
    public static bool IsFleeting(Exception exception) => exception switch
    {
        HttpRequestException or IOException => true,
        CosmosException e => e.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.RequestTimeout or HttpStatusCode.Gone
            or HttpStatusCode.InternalServerError,
        _ => false,
    };

    public static StorageUnavailableException Unavailable(HttpStatusCode status, Exception? inner = null)
    {
        var reason = status == 0 ? "" : $" ({(int)status} {status})";
        return new StorageUnavailableException($"Cosmos DB does not answer as it should{reason}; try again later.", inner);
    }
}
