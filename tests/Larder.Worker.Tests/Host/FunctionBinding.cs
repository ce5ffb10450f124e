using System.Text.Json;

namespace Larder.Worker.Tests.Host;

/// <summary>A binding as the worker names it to the host.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Type">As <c>httpTrigger</c>.</param>
/// <param name="Direction">in or out.</param>
/// <param name="Json">All of it.</param>
internal sealed record FunctionBinding(string Name, string Type, string Direction, JsonElement Json)
{
    /// <summary>Whether it is what starts the function.</summary>
    public bool IsTrigger => Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one of <c>raw_bindings</c>, or of functions.metadata.</summary>
    public static FunctionBinding Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var binding = document.RootElement.Clone();
        return new FunctionBinding(Member(binding, "name") ?? "", Member(binding, "type")!, Member(binding, "direction") ?? "in", binding);
    }

    /// <summary>A text member; null when it is not there.</summary>
    public string? this[string name] => Member(Json, name);

    /// <summary>The members of an array of texts; empty when it is not there.</summary>
    public IReadOnlyList<string> List(string name) =>
        Find(Json, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : [];

    /// <summary>Its properties, as the host hands them back.</summary>
    public IEnumerable<KeyValuePair<string, string>> Properties() =>
        Find(Json, "properties") is { ValueKind: JsonValueKind.Object } properties
            ? properties.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.ToString()))
            : [];

    private static string? Member(JsonElement binding, string name) =>
        Find(binding, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement? Find(JsonElement binding, string name) =>
        binding.EnumerateObject().Where(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(member => (JsonElement?)member.Value).FirstOrDefault();
}
