using System.Text.Json;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>
/// A document as an item: <c>{"id", "partition", "write", "value"}</c>. The content is below <c>value</c>, so that it cannot clash with
/// Cosmos DB's own properties, and is not indexed.
/// </summary>
internal static class CosmosItem
{
    public static MemoryStream Write<T>(DocumentCollection<T> collection, DocumentKey key, string write, T value)
    {
        var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = collection.Json.Options.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("id", key.Id);
            json.WriteString("partition", key.Partition);
            json.WriteString("write", write);
            json.WritePropertyName("value");
            json.WriteRawValue(DocumentJson.Serialize(collection, value), skipInputValidation: true);
            json.WriteEndObject();
        }

        stream.Position = 0;
        return stream;
    }

    public static Document<T> Read<T>(DocumentCollection<T> collection, JsonElement item)
    {
        var key = Key(item);
        var value = DocumentJson.Deserialize(collection, item.GetProperty("value"));
        return new Document<T>(DocumentKey.Unescape(key.Partition), DocumentKey.Unescape(key.Id), ETag(item), value);
    }

    public static DocumentKey Key(JsonElement item) => new(item.GetProperty("partition").GetString()!, item.GetProperty("id").GetString()!);

    /// <summary>Which write made the item what it is.</summary>
    public static string? WriteId(JsonElement item) => item.GetProperty("write").GetString();

    public static string ETag(JsonElement item) => Unquoted(item.GetProperty("_etag").GetString()!);

    // As everywhere in the registry, ETags go without the quotes of HTTP.
    public static string Unquoted(string etag) => etag.Trim('"');

    public static string Quoted(string etag) => $"\"{etag}\"";
}
