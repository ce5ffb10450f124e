using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Training;

/// <summary>Value of an environment variable: in JSON a text, or <c>{"secret": text}</c>.</summary>
/// <param name="Value">The value.</param>
/// <param name="IsSecret">Whether it is never shown, and masked in logs.</param>
[JsonConverter(typeof(Converter))]
[OptionSchema("""
    {"anyOf": [
      {"type": "string"},
      {"type": "object", "properties": {"secret": {"type": "string", "writeOnly": true}}, "required": ["secret"], "additionalProperties": false}]}
    """)]
public sealed record EnvironmentValue(string Value, bool IsSecret = false)
{
    private sealed class Converter : JsonConverter<EnvironmentValue>
    {
        public override EnvironmentValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
                return new EnvironmentValue(reader.GetString()!);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement is { ValueKind: JsonValueKind.Object } value
                && value.EnumerateObject().ToList() is [{ Name: "secret", Value: { ValueKind: JsonValueKind.String } secret }]
                ? new EnvironmentValue(secret.GetString()!, IsSecret: true)
                : throw new JsonException("An environment variable is a text, or {\"secret\": text}.");
        }

        public override void Write(Utf8JsonWriter writer, EnvironmentValue value, JsonSerializerOptions options)
        {
            if (!value.IsSecret)
            {
                writer.WriteStringValue(value.Value);
                return;
            }

            writer.WriteStartObject();
            writer.WriteString("secret", value.Value);
            writer.WriteEndObject();
        }
    }
}
