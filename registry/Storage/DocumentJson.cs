using System.Globalization;
using System.Text;
using System.Text.Json;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>
/// Documents as every store keeps them: the JSON of the content, whose first member <c>$format</c> is the number of its format. One without it is of format 1,
/// as releases wrote it that had no other. One of a format that this release does not know is not read; and since every change begins with a read, it is
/// never overwritten either.
/// </summary>
internal static class DocumentJson
{
    private const string Member = "$format";
    private const int First = 1;

    public static byte[] Serialize<T>(DocumentCollection<T> collection, T value)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(value, collection.Json);
        var start = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"{Member}\":{collection.Format}"));
        return content.AsSpan() is [(byte)'{', (byte)'}'] ? [.. start, (byte)'}'] : [.. start, (byte)',', .. content.AsSpan(1)];
    }

    /// <exception cref="NewerDocumentException">It is of a later format.</exception>
    public static T Deserialize<T>(DocumentCollection<T> collection, ReadOnlySpan<byte> json)
    {
        Check(collection, Format(json));
        return JsonSerializer.Deserialize(json, collection.Json) ?? throw IsNull(collection);
    }

    /// <exception cref="NewerDocumentException">It is of a later format.</exception>
    public static T Deserialize<T>(DocumentCollection<T> collection, JsonElement json)
    {
        // Cosmos DB does not promise to keep the order of members.
        Check(collection, json.TryGetProperty(Member, out var format) ? format.GetInt32() : First);
        return json.Deserialize(collection.Json) ?? throw IsNull(collection);
    }

    private static int Format(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var isFirst = reader.Read() && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(Member);
        return isFirst && reader.Read() ? reader.GetInt32() : First;
    }

    private static void Check<T>(DocumentCollection<T> collection, int format)
    {
        if (format > collection.Format)
            throw new NewerDocumentException(collection.Name, format, collection.Format);
    }

    private static JsonException IsNull<T>(DocumentCollection<T> collection) => new($"A document in {collection.Name} is null.");
}
