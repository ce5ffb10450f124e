using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Larder.Registry.Text;

namespace Larder.Functions.Http;

/// <summary>
/// Says what is wrong with JSON that could not be read, without names of .NET types. What the framework's exception says in English is not interpreted: the JSON is
/// compared with the type again, and the exception gives the place.
/// </summary>
internal static class JsonFault
{
    /// <summary>What is wrong with JSON that could not be deserialized.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="json">The JSON, without a byte-order mark.</param>
    /// <param name="type">What it should have been.</param>
    public static string Explain(JsonException exception, ReadOnlySpan<byte> json, JsonTypeInfo type)
    {
        JsonDocument document;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
            document = JsonDocument.ParseValue(ref reader);
            while (reader.Read())
            {
                // Only white space may follow, which the reader finds by reading on.
            }
        }
        catch (JsonException syntax)
        {
            return ExplainSyntax(syntax, new ReadOnlySequence<byte>(json.ToArray()));
        }

        using (document)
        {
            if (HasDuplicate(document.RootElement))
                return $"a member is given twice {PlaceOf(exception)}.";
            return Find(document.RootElement, type) ?? $"the value {PlaceOf(exception)} has the wrong type.";
        }
    }

    /// <summary>What is wrong with text that is not JSON.</summary>
    /// <param name="exception">A failure of <see cref="Utf8JsonReader"/>, whose sentence is repeated.</param>
    /// <param name="text">The text, without a byte-order mark.</param>
    public static string ExplainSyntax(JsonException exception, in ReadOnlySequence<byte> text)
    {
        var place = PlaceOf(exception);
        if (StartsNumberName(text, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0))
            return $"JSON has no NaN and no Infinity ({place}).";
        // Behind its sentence the exception repeats the place.
        var sentence = exception.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0];
        return $"{RequestText.Shown(sentence.TrimEnd('.'))} ({place}).";
    }

    private static string PlaceOf(JsonException exception) => exception.Path is { Length: > 1 } path
        ? $"at {RequestText.Shown(path)}"
        : $"at line {(exception.LineNumber ?? 0) + 1}, byte {(exception.BytePositionInLine ?? 0) + 1}";

    // NaN, Infinity and -Infinity, which other programs write, begin a value with N or I.
    private static bool StartsNumberName(in ReadOnlySequence<byte> text, long line, long position)
    {
        var reader = new SequenceReader<byte>(text);
        for (; line > 0; line--)
        {
            if (!reader.TryAdvanceTo((byte)'\n'))
                return false;
        }
        if (reader.Remaining <= position)
            return false;
        reader.Advance(position);
        return reader.IsNext((byte)'N') || reader.IsNext((byte)'I');
    }

    private static bool HasDuplicate(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => HasDuplicateName(value) || value.EnumerateObject().Any(member => HasDuplicate(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasDuplicate),
        _ => false,
    };

    private static bool HasDuplicateName(JsonElement value)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        return !value.EnumerateObject().All(member => names.Add(member.Name));
    }

    // The first member that the type does not know or needs; null when all are there, so that a value has another type.
    private static string? Find(JsonElement value, JsonTypeInfo type)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when value.ValueKind == JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    if (type.Properties.FirstOrDefault(property => property.Name == member.Name) is not { } known)
                        return $"the member '{RequestText.Shown(member.Name)}' is not known.";
                    if (Find(member.Value, TypeOf(known.PropertyType, type)) is { } sentence)
                        return sentence;
                }
                return type.Properties.FirstOrDefault(property => property.IsRequired && !value.TryGetProperty(property.Name, out _)) is { } missing
                    ? $"the member '{missing.Name}' is missing."
                    : null;
            case JsonTypeInfoKind.Enumerable when value.ValueKind == JsonValueKind.Array && type.ElementType is { } element:
                return value.EnumerateArray().Select(item => Find(item, TypeOf(element, type))).FirstOrDefault(sentence => sentence is not null);
            case JsonTypeInfoKind.Dictionary when value.ValueKind == JsonValueKind.Object && type.ElementType is { } element:
                return value.EnumerateObject().Select(member => Find(member.Value, TypeOf(element, type))).FirstOrDefault(sentence => sentence is not null);
            default:
                return null;
        }
    }

    private static JsonTypeInfo TypeOf(Type type, JsonTypeInfo parent) => parent.Options.GetTypeInfo(type);
}
