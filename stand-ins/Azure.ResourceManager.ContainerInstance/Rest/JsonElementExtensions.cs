using System.Text.Json;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>Reads what may be absent or null.</summary>
internal static class JsonElementExtensions
{
    public static JsonElement? Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) && child.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? child
            : null;

    public static string Text(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.String } child ? child.GetString() : null;

    public static int? Integer(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } child ? child.GetInt32() : null;

    public static double? Number(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } child ? child.GetDouble() : null;

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.String } child ? child.GetDateTimeOffset() : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Array } child ? child.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Members(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Object } child ? child.EnumerateObject() : [];
}
