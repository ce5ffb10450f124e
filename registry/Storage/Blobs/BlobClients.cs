using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace Larder.Registry.Storage.Blobs;

/// <summary>Makes the clients that the stores on blob storage use.</summary>
public static class BlobClients
{
    /// <summary>
    /// Options under which an outage is reported within seconds: a few tries with growing pauses, each with a time limit on every
    /// network operation. What is written goes with its MD5, so that the service refuses what was damaged on its way; Azurite, given none, computes a
    /// CRC-64 in JavaScript, which takes it twice as long as all the rest.
    /// </summary>
    public static BlobClientOptions Options()
    {
        var options = new BlobClientOptions();
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(2);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(30);
        options.TransferValidation.Upload.ChecksumAlgorithm = StorageChecksumAlgorithm.MD5;
        return options;
    }

    /// <summary>A client for the account that a connection string names.</summary>
    /// <param name="connectionString">As in the setting <c>AzureWebJobsStorage</c>.</param>
    public static BlobServiceClient Create(string connectionString) => new(connectionString, Options());
}
