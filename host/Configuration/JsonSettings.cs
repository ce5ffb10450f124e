using System.Text.Json;
using Larder.Host.Functions;

namespace Larder.Host.Configuration;

/// <summary>Reads a JSON file of settings into configuration keys.</summary>
internal static class JsonSettings
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The file's object; null when there is no such file.</summary>
    /// <exception cref="SelfHostException">The file is not JSON, or not an object.</exception>
    public static JsonDocument? Open(string path)
    {
        if (!File.Exists(path))
            return null;
        var name = Path.GetFileName(path);
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path), Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            throw new SelfHostException($"{name} must hold a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new SelfHostException(
                $"{name} is not valid JSON (line {exception.LineNumber + 1}, position {exception.BytePositionInLine + 1}).", exception);
        }
    }

    /// <summary>The element's scalars as configuration keys below <paramref name="key"/>.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Flatten(string key, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Flatten(Join(key, property.Name), property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((item, index) => Flatten(Join(key, index.ToString()), item)),
        JsonValueKind.Null => [],
        _ => [new(key, Scalar(element))],
    };

    /// <summary>A scalar as configuration holds it.</summary>
    public static string Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => element.GetRawText(),
    };

    private static string Join(string key, string name) => key.Length == 0 ? name : $"{key}:{name}";
}
