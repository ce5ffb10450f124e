using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>
/// Finds storage accounts by the names that trigger attributes give them, as the real host does: <c>Connection = "X"</c> is the
/// setting <c>AzureWebJobsX</c> or, without that, <c>X</c>, each first among the connection strings; no name is <c>AzureWebJobsStorage</c>.
/// </summary>
internal sealed class StorageConnections(IConfiguration settings)
{
    /// <summary>The name that stands for the host's own account.</summary>
    public const string Host = "AzureWebJobsStorage";

    private const string Prefix = "AzureWebJobs";

    /// <exception cref="FormatException">There is no such connection, or it cannot be used: a sentence.</exception>
    public BlobServiceClient GetBlobService(string? connection) => Create(connection, text => new BlobServiceClient(text));

    /// <inheritdoc cref="GetBlobService"/>
    public QueueServiceClient GetQueueService(string? connection) => Create(
        connection,
        // The real host's queues hold base64, so that whoever reads them with the official trigger understands.
        text => new QueueServiceClient(text, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }));

    private TClient Create<TClient>(string? connection, Func<string, TClient> create)
    {
        var name = string.IsNullOrEmpty(connection) ? Host : connection;
        try
        {
            return create(GetConnectionString(name));
        }
        // What the storage library says of a bad connection string may hold parts of it, and so of the key.
        catch (Exception error) when (error is (FormatException or ArgumentException) and not StorageConnectionException)
        {
            throw new StorageConnectionException($"the setting '{name}' is not a storage connection string.");
        }
    }

    private string GetConnectionString(string name)
    {
        foreach (var setting in new[] { Prefix + name, name })
        {
            // Before the value: the host gives AzureWebJobsStorage one, the emulator's, when nobody else does.
            if (settings.GetSection(setting).GetChildren().Any())
            {
                throw new StorageConnectionException(
                    $"the connection '{name}' is an identity ('{setting}__...'), which only the real host can use: give the embedded host a connection string.");
            }

            if (settings.GetConnectionString(setting) is { Length: > 0 } connectionString)
                return connectionString;
            if (settings[setting] is { Length: > 0 } value)
                return value;
        }

        throw new StorageConnectionException(
            $"the connection '{name}' does not exist: set '{name}' to a storage connection string, in local.settings.json or in the environment.");
    }

    private sealed class StorageConnectionException(string message) : FormatException(message);
}
