using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Options;

/// <summary>
/// Checks JSON against a JSON Schema, in the keywords that <see cref="OptionSchemaWriter"/> and <see cref="OptionSchemaAttribute"/> write. A schema with any
/// other keyword is refused, since the published schema would promise a check that is not made.
/// </summary>
internal sealed class OptionValidator
{
    private const int MaxShown = 60;

    private static readonly string[] Keywords =
    [
        "$schema", "description", "default", "writeOnly", "type", "properties", "required", "additionalProperties", "propertyNames", "maxProperties", "items",
        "maxItems", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf",
    ];

    private readonly JsonElement _schema;

    public OptionValidator(JsonElement schema)
    {
        Check(schema);
        _schema = schema;
    }

    /// <exception cref="InvalidRequestException">The value is not what the schema says: where, and what it must be.</exception>
    public void Validate(JsonElement value) => Validate(_schema, value, "");

    private static void Check(JsonElement schema)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            if (!Keywords.Contains(keyword.Name))
                throw new ArgumentException($"The keyword {keyword.Name} is not checked.", nameof(schema));
            IEnumerable<JsonElement> below = keyword switch
            {
                { Name: "properties" } => keyword.Value.EnumerateObject().Select(property => property.Value),
                { Name: "anyOf" } => keyword.Value.EnumerateArray(),
                { Name: "items" or "additionalProperties" or "propertyNames", Value.ValueKind: JsonValueKind.Object } => [keyword.Value],
                _ => [],
            };
            foreach (var inner in below)
                Check(inner);
        }
    }

    private static void Validate(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("anyOf", out var choices))
            schema = choices.EnumerateArray().FirstOrDefault(choice => Types(choice).Any(type => Is(type, value)));
        var types = schema.ValueKind == JsonValueKind.Undefined ? choices.EnumerateArray().SelectMany(Types) : Types(schema);
        if (!types.Any(type => Is(type, value)))
            throw Wrong(at, string.Join(" or ", types.Where(type => type != "null").Select(Words)), schema, value);
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
            throw Wrong(at, string.Join(" or ", allowed.EnumerateArray().Select(one => one.GetRawText())), schema, value);

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                ValidateObject(schema, value, at);
                break;
            case JsonValueKind.Array:
                ValidateArray(schema, value, at);
                break;
            case JsonValueKind.String:
                ValidateText(schema, value, at);
                break;
            case JsonValueKind.Number:
                ValidateNumber(schema, value, at);
                break;
        }
    }

    private static void ValidateObject(JsonElement schema, JsonElement value, string at)
    {
        schema.TryGetProperty("properties", out var properties);
        schema.TryGetProperty("additionalProperties", out var others);
        foreach (var member in value.EnumerateObject())
        {
            var below = $"{at}/{member.Name.Replace("~", "~0").Replace("/", "~1")}";
            if (schema.TryGetProperty("propertyNames", out var names) && !Matches(names, member.Name))
                throw new InvalidRequestException($"The name of {Shown(below)} must be {names.GetProperty("description").GetString()}.");
            if (properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(member.Name, out var known))
                Validate(known, member.Value, below);
            else if (others.ValueKind == JsonValueKind.Object)
                Validate(others, member.Value, below);
            else
                throw new InvalidRequestException($"{Shown(below)} is not known; known there are {string.Join(", ", properties.EnumerateObject().Select(one => one.Name))}.");
        }

        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(one => one.GetString()!))
            {
                if (!value.TryGetProperty(name, out _))
                    throw new InvalidRequestException($"{at}/{name} is missing.");
            }
        }

        RequireAtMost(schema, "maxProperties", value.GetPropertyCount(), "members", at);
    }

    private static void ValidateArray(JsonElement schema, JsonElement value, string at)
    {
        RequireAtMost(schema, "maxItems", value.GetArrayLength(), "items", at);
        if (!schema.TryGetProperty("items", out var items))
            return;
        var index = 0;
        foreach (var item in value.EnumerateArray())
            Validate(items, item, $"{at}/{index++}");
    }

    private static void ValidateText(JsonElement schema, JsonElement value, string at)
    {
        var text = value.GetString()!;
        var length = text.EnumerateRunes().Count();
        if (schema.TryGetProperty("minLength", out var least) && length < least.GetInt32())
            throw Wrong(at, $"at least {least} characters long", schema, value);
        RequireAtMost(schema, "maxLength", length, "characters", at);
        if (!Matches(schema, text))
            throw Wrong(at, $"a text that matches {schema.GetProperty("pattern")}", schema, value);
    }

    private static void ValidateNumber(JsonElement schema, JsonElement value, string at)
    {
        var number = value.GetDouble();
        var least = schema.TryGetProperty("minimum", out var minimum) ? minimum.GetDouble() : double.MinValue;
        var most = schema.TryGetProperty("maximum", out var maximum) ? maximum.GetDouble() : double.MaxValue;
        if (!(number >= least && number <= most))
            throw Wrong(at, minimum.ValueKind == JsonValueKind.Number ? $"{minimum} to {maximum}" : "a number that a double can hold", schema, value);
    }

    private static void RequireAtMost(JsonElement schema, string keyword, int count, string what, string at)
    {
        if (schema.TryGetProperty(keyword, out var most) && count > most.GetInt32())
            throw new InvalidRequestException($"{Shown(Place(at))} must have at most {most} {what}; it has {count}.");
    }

    // In .NET, $ also matches before a line feed at the end.
    private static bool Matches(JsonElement schema, string text) =>
        !schema.TryGetProperty("pattern", out var pattern)
        || Regex.IsMatch(text, Regex.Replace(pattern.GetString()!, @"\$\z", @"\z"), RegexOptions.ECMAScript);

    private static IEnumerable<string> Types(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? []
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!)
        : [type.GetString()!];

    private static bool Is(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("null", JsonValueKind.Null)
            or ("number", JsonValueKind.Number) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
        _ => false,
    };

    private static string Words(string type) => type switch
    {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number, written without a fraction",
        "number" => "a number",
        "boolean" => "true or false",
        _ => throw new ArgumentException($"The type {type} is not checked.", nameof(type)),
    };

    private static InvalidRequestException Wrong(string at, string must, JsonElement schema, JsonElement value)
    {
        var isSecret = schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("writeOnly", out _);
        var got = value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            _ when isSecret => "something else",
            _ => Shown(value.GetRawText()),
        };
        return new InvalidRequestException($"{Shown(Place(at))} must be {must}; got {got}.");
    }

    private static string Place(string at) => at.Length == 0 ? "The options" : at;

    // Short and printable, since it comes from the request.
    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(MaxShown))
            shown.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        return text.EnumerateRunes().Count() > MaxShown ? $"{shown}..." : shown.ToString();
    }
}
