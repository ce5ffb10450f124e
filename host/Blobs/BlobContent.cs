using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Larder.Host.Blobs;

/// <summary>Turns a blob into the value of a trigger parameter: one of the types that <see cref="Types"/> lists.</summary>
internal static class BlobContent
{
    /// <summary>What a trigger parameter may be.</summary>
    public static readonly Type[] Types = [typeof(Stream), typeof(byte[]), typeof(string), typeof(BlobClient)];

    /// <summary>Fetches the value; a stream is the caller's to dispose of.</summary>
    /// <returns>Null when the blob is gone or has changed since it was found: that is another blob to find.</returns>
    public static async Task<object?> OpenAsync(FoundBlob blob, Type type, CancellationToken cancellationToken)
    {
        try
        {
            if (type == typeof(Stream))
            {
                var options = new BlobDownloadOptions { Conditions = blob.Unchanged };
                var streaming = await blob.Client.DownloadStreamingAsync(options, cancellationToken);
                return streaming.Value.Content;
            }

            if (type == typeof(byte[]) || type == typeof(string))
            {
                var options = new BlobDownloadOptions { Conditions = blob.Unchanged };
                var content = (await blob.Client.DownloadContentAsync(options, cancellationToken)).Value.Content;
                return type == typeof(string) ? await ReadTextAsync(content, cancellationToken) : content.ToArray();
            }

            await blob.Client.GetPropertiesAsync(blob.Unchanged, cancellationToken);
            return blob.Client;
        }
        catch (RequestFailedException error) when (error.Status is 404 or 412)
        {
            return null;
        }
    }

    // As File.ReadAllText does: a byte order mark tells the encoding, and is not part of the text.
    private static async Task<string> ReadTextAsync(BinaryData content, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(content.ToStream());
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
