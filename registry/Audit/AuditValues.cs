using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Audit;

/// <summary>What records say of before and after: only what differs, and long texts cut.</summary>
internal static class AuditValues
{
    private const int MaxText = 1000;
    private const int MaxItems = 100;

    // A document holds several records; all of them must fit.
    private const int MaxLength = 32_768;

    /// <summary>A value as JSON, to be compared.</summary>
    public static JsonObject Of<T>(T value) => JsonSerializer.SerializeToNode(value, RegistryJson.Options)!.AsObject();

    /// <summary>What differs between two values, on either side; nulls when nothing does.</summary>
    public static (JsonElement? Before, JsonElement? After) Between(JsonObject? before, JsonObject? after)
    {
        var (left, right) = Differences(before ?? [], after ?? []);
        return (Shown(left), Shown(right));
    }

    /// <summary>A value as a record shows it.</summary>
    public static JsonElement? Shown(JsonObject value)
    {
        if (value.Count == 0)
            return null;
        var shown = JsonSerializer.SerializeToElement(Cut(value), RegistryJson.Options);
        var text = shown.GetRawText();
        return text.Length <= MaxLength ? shown : JsonSerializer.SerializeToElement(new JsonObject { ["json"] = Cut(text) }, RegistryJson.Options);
    }

    private static (JsonObject Before, JsonObject After) Differences(JsonObject before, JsonObject after)
    {
        var (left, right) = (new JsonObject(), new JsonObject());
        foreach (var name in before.Select(member => member.Key).Union(after.Select(member => member.Key)))
        {
            var (old, now) = (before[name], after[name]);
            if (JsonNode.DeepEquals(old, now))
                continue;
            if (old is JsonObject oldObject && now is JsonObject nowObject)
            {
                (old, now) = Differences(oldObject, nowObject);
            }

            Add(left, name, old);
            Add(right, name, now);
        }

        return (left, right);
    }

    // Nothing and an empty object say the same.
    private static void Add(JsonObject to, string name, JsonNode? value)
    {
        if (value is not (null or JsonObject { Count: 0 }))
            to[name] = value.DeepClone();
    }

    private static JsonNode? Cut(JsonNode? value) => value switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Cut(member.Value)))),
        JsonArray { Count: > MaxItems } items => new JsonArray([.. items.Take(MaxItems).Select(Cut), $"... ({items.Count} items)"]),
        JsonArray items => new JsonArray([.. items.Select(Cut)]),
        JsonValue text when text.GetValueKind() == JsonValueKind.String => JsonValue.Create(Cut(text.GetValue<string>())),
        _ => value?.DeepClone(),
    };

    private static string Cut(string text)
    {
        if (text.Length <= MaxText)
            return text;
        var length = char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText;
        return $"{text[..length]}... ({text.Length} characters, SHA-256 {TextHash.Of(text)})";
    }
}
