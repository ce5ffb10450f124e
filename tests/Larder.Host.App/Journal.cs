using Azure.Storage.Blobs;

namespace Larder.Host.App;

/// <summary>What the functions did, a blob for each entry, which no kill takes back.</summary>
public sealed class Journal(BlobContainerClient container)
{
    /// <summary>Writes an entry.</summary>
    public Task WriteAsync(string entry) =>
        container.GetBlobClient($"{DateTime.UtcNow.Ticks:D20}").UploadAsync(BinaryData.FromString(entry));
}
