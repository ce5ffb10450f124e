using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Options;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>The body of a prediction, kept as it is.</summary>
/// <param name="Body">A JSON object.</param>
[JsonConverter(typeof(Converter))]
[OptionSchema("""{"type": "object", "additionalProperties": {"type": ["array", "string", "number", "boolean"]}}""")]
public sealed record SampleInputs(JsonElement Body)
{
    private sealed class Converter : JsonConverter<SampleInputs>
    {
        public override SampleInputs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonElement.ParseValue(ref reader));

        public override void Write(Utf8JsonWriter writer, SampleInputs value, JsonSerializerOptions options) => value.Body.WriteTo(writer);
    }
}
