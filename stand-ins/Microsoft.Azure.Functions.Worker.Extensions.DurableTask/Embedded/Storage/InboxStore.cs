using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Messages to the host that runs the task hub, from clients in other processes: a blob for each, whose names sort by time. The host reads them in
/// that order, and removes each when what it asks for is stored.
/// </summary>
internal sealed class InboxStore(BlobContainerClient container)
{
    /// <summary>Puts a message into the inbox.</summary>
    /// <returns>Its blob's name.</returns>
    public async Task<string> WriteAsync(InboxMessage message, CancellationToken cancellationToken)
    {
        var name = BlobNames.InboxMessage(DateTimeOffset.UtcNow, message.Id);
        var content = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(message, DurableJson.Stored.InboxMessage));
        await container.GetBlockBlobClient(name).UploadAsync(content.ToStream(), cancellationToken: cancellationToken);
        return name;
    }

    /// <summary>The messages that lie there, the oldest first.</summary>
    public async Task<IReadOnlyList<InboxEntry>> ReadAsync(CancellationToken cancellationToken)
    {
        var entries = new List<InboxEntry>();
        await foreach (var blob in container.GetBlobsAsync(prefix: BlobNames.Inbox, cancellationToken: cancellationToken))
        {
            try
            {
                var answer = await container.GetBlobClient(blob.Name).DownloadContentAsync(cancellationToken);
                var message = JsonSerializer.Deserialize(answer.Value.Content, DurableJson.Stored.InboxMessage)!;
                entries.Add(new InboxEntry(blob.Name, answer.Value.Details.LastModified, message));
            }
            catch (RequestFailedException error) when (error.Status == 404)
            {
                // Taken back by its client.
            }
        }

        return entries;
    }

    /// <summary>Removes a message.</summary>
    public async Task DeleteAsync(string blob, CancellationToken cancellationToken) =>
        await container.GetBlobClient(blob).DeleteIfExistsAsync(cancellationToken: cancellationToken);
}
