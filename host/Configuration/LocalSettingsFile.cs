using System.Text.Json;
using Larder.Host.Functions;

namespace Larder.Host.Configuration;

/// <summary>local.settings.json: settings of the machine that one develops on.</summary>
internal static class LocalSettingsFile
{
    public const string Name = "local.settings.json";

    /// <summary>The configuration key of <c>Host.LocalHttpPort</c>.</summary>
    public const string PortKey = "Host:LocalHttpPort";

    /// <summary>
    /// <c>Values</c> as settings (in their names both <c>__</c> and <c>:</c> begin a section), <c>ConnectionStrings</c>, and
    /// <c>Host.LocalHttpPort</c>.
    /// </summary>
    /// <exception cref="SelfHostException">It is not JSON, is encrypted, or a value is not a scalar.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Read(string path)
    {
        using var file = JsonSettings.Open(path);
        if (file is null)
            return [];
        var root = file.RootElement;
        if (root.TryGetProperty("IsEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
            throw new SelfHostException($"{Name} is encrypted. Run 'func settings decrypt', or set \"IsEncrypted\": false and write the values again.");

        var settings = new List<KeyValuePair<string, string?>>();
        foreach (var value in Scalars(root, "Values"))
            settings.Add(new(value.Key.Replace("__", ":"), value.Value));
        foreach (var value in Scalars(root, "ConnectionStrings"))
            settings.Add(new($"ConnectionStrings:{value.Key}", value.Value));
        foreach (var value in Scalars(root, "Host"))
            if (value.Key.Equals("LocalHttpPort", StringComparison.OrdinalIgnoreCase))
                settings.Add(new(PortKey, value.Value));
        return settings;
    }

    private static IEnumerable<KeyValuePair<string, string>> Scalars(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var section) || section.ValueKind == JsonValueKind.Null)
            yield break;
        if (section.ValueKind != JsonValueKind.Object)
            throw new SelfHostException($"{Name}: '{name}' must be an object.");
        foreach (var property in section.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                throw new SelfHostException($"{Name}: '{name}.{property.Name}' must be a text, a number, true or false.");
            if (property.Value.ValueKind != JsonValueKind.Null)
                yield return new(property.Name, JsonSettings.Scalar(property.Value));
        }
    }
}
