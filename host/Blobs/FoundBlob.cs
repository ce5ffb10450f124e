using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Larder.Host.Blobs;

/// <summary>A blob that matches a function's path, as the listing has it.</summary>
/// <param name="Client">The blob.</param>
/// <param name="Item">What the listing says of it.</param>
/// <param name="PathValues">The path's parameters.</param>
internal sealed record FoundBlob(BlobClient Client, BlobItem Item, IReadOnlyDictionary<string, string> PathValues)
{
    /// <summary>What it is called with its container.</summary>
    public string Path => $"{Client.BlobContainerName}/{Item.Name}";

    /// <summary>Which content it has.</summary>
    public ETag ETag => Item.Properties.ETag ?? default;

    /// <summary>The ETag as headers have it, in quotes.</summary>
    public string QuotedETag => ETag.ToString("H");

    /// <summary>The blob as it was found, and in no other state.</summary>
    public BlobRequestConditions Unchanged => new() { IfMatch = ETag };

    /// <summary>What the Functions host gives as binding data, structured values as JSON; a parameter of the path wins over a name of the host's.</summary>
    public Dictionary<string, object?> CreateBindingData()
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
        {
            [BlobBinding.PathName] = Path,
            [BlobBinding.UriName] = Client.Uri.AbsoluteUri,
            ["Properties"] = JsonSerializer.Serialize(new
            {
                Item.Properties.ContentLength,
                Item.Properties.ContentType,
                Item.Properties.CreatedOn,
                Item.Properties.LastModified,
                ETag = QuotedETag,
            }),
            ["Metadata"] = JsonSerializer.Serialize(Item.Metadata),
        };
        foreach (var (name, value) in PathValues)
            data[name] = value;
        return data;
    }
}
