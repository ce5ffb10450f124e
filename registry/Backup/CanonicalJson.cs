using System.Buffers;
using System.Text.Json;

namespace Larder.Registry.Backup;

/// <summary>
/// Numbers as every store gives them back: <c>0.50</c> and <c>-0</c> are kept as they were written by blobs, and as <c>0.5</c> and <c>0</c> by Cosmos DB. In an
/// archive they are always the latter.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>The same JSON with its numbers written in one way.</summary>
    public static JsonElement Of(JsonElement json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, json);
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    /// <summary>A number without a sign of its zero.</summary>
    public static double Of(double number) => number == 0 ? 0 : number;

    private static void Write(Utf8JsonWriter writer, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in json.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when json.TryGetInt64(out var whole):
                writer.WriteNumberValue(whole);
                break;
            case JsonValueKind.Number when json.TryGetDouble(out var number) && double.IsFinite(number):
                // As a whole number, where it is one that every reader of JSON can hold.
                if (number == Math.Truncate(number) && Math.Abs(number) < 1L << 53)
                    writer.WriteNumberValue((long)number);
                else
                    writer.WriteNumberValue(number);
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }
}
