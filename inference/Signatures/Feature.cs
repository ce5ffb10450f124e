using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Inference.Signatures;

/// <summary>A named column of a model's only input. In JSON an object, or just its name.</summary>
[JsonConverter(typeof(FeatureConverter))]
public sealed record Feature
{
    /// <summary>What callers and data sets call the column.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of value it is, in the owner's words: shown, not checked.</summary>
    public string? Type { get; init; }

    /// <summary>The unit of measurement: shown, not checked.</summary>
    public string? Unit { get; init; }

    /// <summary>Whether a missing value becomes NaN (true) or is refused (false); null follows the model (<see cref="Settings.ModelSettings.Missing"/>).</summary>
    public bool? Missing { get; init; }

    /// <summary>The number, text or truth value that is taken where the value is missing; null for none.</summary>
    public JsonElement? Default { get; init; }
}

/// <summary>Reads a feature from its name alone, too. What is none is an <see cref="InvalidSettingsException"/>.</summary>
internal sealed class FeatureConverter : JsonConverter<Feature>
{
    /// <inheritdoc/>
    public override Feature Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new Feature { Name = reader.GetString()! };
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidSettingsException("A feature is a name, or an object with a name.");
        string? name = null, type = null, unit = null;
        bool? missing = null;
        JsonElement? value = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString()!;
            reader.Read();
            switch (member)
            {
                case "name":
                    name = Text(ref reader, member);
                    break;
                case "type":
                    type = Text(ref reader, member);
                    break;
                case "unit":
                    unit = Text(ref reader, member);
                    break;
                case "missing":
                    missing = reader.TokenType switch
                    {
                        JsonTokenType.True => true,
                        JsonTokenType.False => false,
                        JsonTokenType.Null => null,
                        _ => throw new InvalidSettingsException("missing of a feature is true or false."),
                    };
                    break;
                case "default":
                    value = reader.TokenType == JsonTokenType.Null ? null : JsonElement.ParseValue(ref reader);
                    break;
                default:
                    throw new InvalidSettingsException("A feature has name, type, unit, missing and default, and no other member.");
            }
        }

        return new Feature { Name = name ?? throw new InvalidSettingsException("A feature needs a name."), Type = type, Unit = unit, Missing = missing, Default = value };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Feature value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("name", value.Name);
        if (value.Type is not null)
            writer.WriteString("type", value.Type);
        if (value.Unit is not null)
            writer.WriteString("unit", value.Unit);
        if (value.Missing is { } missing)
            writer.WriteBoolean("missing", missing);
        if (value.Default is { } set)
        {
            writer.WritePropertyName("default");
            set.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static string? Text(ref Utf8JsonReader reader, string member) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new InvalidSettingsException($"{member} of a feature is a text."),
    };
}
