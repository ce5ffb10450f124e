using System.Buffers;
using System.IO.Compression;
using Azure.Storage.Blobs.Models;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// The content of a small document in the metadata of its blob, compressed: a listing with metadata then answers thousands of documents, for which it would take a request each. Content and metadata
/// are written by one request under one ETag, so that neither can be older than the other. What does not fit, and what was written without it, is read blob by blob.
/// </summary>
internal static class ListedContent
{
    /// <summary>The name in the metadata.</summary>
    public const string Key = "brotli";

    // Storage takes 8 KiB of metadata for each blob, and there is more in it.
    private const int MaxText = 6 * 1024;
    private const int MaxJson = 32 * 1024;

    // A kilobyte takes some 20 microseconds so, and becomes less than half.
    private const int Quality = 4;
    private const int Window = 18;

    /// <summary>The text for the metadata; null when the document is too large.</summary>
    public static string? Of(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxJson)
            return null;
        var buffer = ArrayPool<byte>.Shared.Rent(MaxText / 4 * 3);
        try
        {
            return BrotliEncoder.TryCompress(json, buffer.AsSpan(0, MaxText / 4 * 3), out var length, Quality, Window) ? Convert.ToBase64String(buffer, 0, length) : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The document of a listed blob; null when the listing does not have it.</summary>
    public static BinaryData? Of(BlobItem blob)
    {
        if (blob.Metadata is null || !blob.Metadata.TryGetValue(Key, out var text))
            return null;
        var (compressed, json) = (ArrayPool<byte>.Shared.Rent(MaxText), ArrayPool<byte>.Shared.Rent(MaxJson));
        try
        {
            return Convert.TryFromBase64String(text, compressed, out var length) && BrotliDecoder.TryDecompress(compressed.AsSpan(0, length), json.AsSpan(0, MaxJson), out var size)
                ? BinaryData.FromBytes(json.AsSpan(0, size).ToArray())
                : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
            ArrayPool<byte>.Shared.Return(json);
        }
    }
}
