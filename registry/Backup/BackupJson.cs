using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Backup;

/// <summary>How documents are written into archives, for people to read, and read from them, mistrusting everything.</summary>
internal static class BackupJson
{
    private static readonly JsonSerializerOptions Writing = new(RegistryJson.Options)
    {
        WriteIndented = true,
        // Not the system's own: the same registry is the same bytes everywhere.
        NewLine = "\n",
    };

    private static readonly JsonSerializerOptions Reading = new(RegistryJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>A document as it is in an archive.</summary>
    public static byte[] Write<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Writing), (byte)'\n'];

    /// <summary>Reads one.</summary>
    /// <exception cref="InvalidRequestException">It is not JSON, or not of that type: why, with the file's name.</exception>
    public static T Read<T>(string file, ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Reading) ?? throw Unusable(file, "it is null");
        }
        catch (JsonException e)
        {
            throw Unusable(file, e.Path is { Length: > 1 } path ? $"what it has at {path} is not known, or not what it should be" : "it is not the JSON that it should be");
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException or FormatException)
        {
            throw Unusable(file, "it is not the JSON that it should be");
        }
    }

    /// <summary>Why a file of an archive cannot be used.</summary>
    public static InvalidRequestException Unusable(string file, string why) => new($"The archive's file {Quoted.Text(file)} cannot be used: {why}.");
}

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
