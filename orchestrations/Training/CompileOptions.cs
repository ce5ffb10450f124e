using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Training;

/// <summary>
/// How far an optimised model's answers may be from the original's: |a - b| &lt;= atol + rtol * |b|, as NumPy's allclose. In JSON
/// <c>{"atol": number, "rtol": number}</c>, where what is missing has its default, or <c>true</c> for both defaults; <c>false</c> is none at all (null).
/// </summary>
[JsonConverter(typeof(Converter))]
[OptionSchema("""
    {"anyOf": [
      {"type": ["boolean", "null"]},
      {"type": "object", "additionalProperties": false, "properties": {
        "atol": {"description": "Absolute tolerance.", "type": "number", "minimum": 0, "maximum": 1000000, "default": 1e-5},
        "rtol": {"description": "Relative tolerance.", "type": "number", "minimum": 0, "maximum": 1, "default": 1e-4}}}]}
    """)]
public sealed record CompileOptions
{
    /// <summary>Absolute tolerance.</summary>
    public double Atol { get; init; } = 1e-5;

    /// <summary>Relative tolerance.</summary>
    public double Rtol { get; init; } = 1e-4;

    private sealed class Converter : JsonConverter<CompileOptions>
    {
        public override CompileOptions? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
                return reader.TokenType == JsonTokenType.True ? new CompileOptions() : null;
            using var document = JsonDocument.ParseValue(ref reader);
            var read = new CompileOptions();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                read = member.Name switch
                {
                    "atol" => read with { Atol = member.Value.GetDouble() },
                    "rtol" => read with { Rtol = member.Value.GetDouble() },
                    _ => throw new JsonException("Compilation is true, false, or an object of atol and rtol."),
                };
            }

            return read;
        }

        public override void Write(Utf8JsonWriter writer, CompileOptions value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteNumber("atol", value.Atol);
            writer.WriteNumber("rtol", value.Rtol);
            writer.WriteEndObject();
        }
    }
}
