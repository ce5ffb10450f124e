using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Larder.Host.Functions;
using Larder.Host.Storage;

namespace Larder.Host.Blobs;

/// <summary>Tells of blobs whose tries all failed: the queue and the message of the Functions host (BlobTriggerMessage.cs), in the blobs' own account.</summary>
internal sealed class PoisonQueue(QueueServiceClient account)
{
    /// <summary>The queue.</summary>
    public const string Name = "webjobs-blobtrigger-poison";

    private readonly QueueClient _queue = account.GetQueueClient(Name);

    /// <summary>Sends a message of one blob.</summary>
    public async Task SendAsync(HostFunction function, FoundBlob blob, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.Serialize(new
        {
            Type = "BlobTrigger",
            FunctionId = HostStorage.FullName(function),
            BlobType = $"{blob.Item.Properties.BlobType}Blob",
            ContainerName = blob.Client.BlobContainerName,
            BlobName = blob.Item.Name,
            ETag = blob.QuotedETag,
        });
        try
        {
            await SendAsync(message, cancellationToken);
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await SendAsync(message, cancellationToken);
        }
    }

    // It stays until it is read: the default would be seven days.
    private Task SendAsync(string message, CancellationToken cancellationToken) =>
        _queue.SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellationToken);
}
