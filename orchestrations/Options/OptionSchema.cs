using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Options;

/// <summary>
/// Options of a kind of job: their JSON Schema (draft 2020-12), made from the record that holds them, and the check of a request against that very schema.
/// So what is published is what is enforced.
/// </summary>
/// <typeparam name="T">The record. Its attributes say the rest: <c>Description</c>, <c>Range</c> (which every integer must have),
/// <c>StringLength</c>, <c>MaxLength</c>, <c>RegularExpression</c>, <c>AllowedValues</c>.</typeparam>
public sealed class OptionSchema<T>
    where T : class
{
    private static readonly JsonSerializerOptions Serialization = new(RegistryJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    private readonly OptionValidator _validator;

    /// <summary>Makes the schema.</summary>
    public OptionSchema()
    {
        Json = JsonSerializer.SerializeToElement(OptionSchemaWriter.Write(typeof(T), Serialization));
        _validator = new OptionValidator(Json);
    }

    /// <summary>The schema, as it is published.</summary>
    public JsonElement Json { get; }

    /// <summary>Reads options that may be left out.</summary>
    /// <param name="json">UTF-8; null is as <c>{}</c>.</param>
    /// <inheritdoc cref="Read"/>
    public T ReadOrDefault(byte[]? json) => Read(json ?? "{}"u8.ToArray());

    /// <summary>Reads options that are a part of other JSON, or none.</summary>
    /// <param name="json">The options; null or undefined is as <c>{}</c>.</param>
    /// <inheritdoc cref="Read"/>
    public T ReadOrDefault(JsonElement? json) =>
        ReadOrDefault(json is { ValueKind: not JsonValueKind.Undefined } given ? JsonMarshal.GetRawUtf8Value(given).ToArray() : null);

    /// <summary>Reads options.</summary>
    /// <param name="json">UTF-8.</param>
    /// <exception cref="InvalidRequestException">They are not JSON, or not what the schema says; a sentence that names the place.</exception>
    public T Read(ReadOnlyMemory<byte> json)
    {
        JsonText.Check(json.Span);
        try
        {
            using var document = JsonDocument.Parse(json);
            if (HasDuplicate(document.RootElement))
                throw new InvalidRequestException("The options have a member twice.");
            _validator.Validate(document.RootElement);
            return document.RootElement.Deserialize<T>(Serialization)!;
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException($"The options are not JSON (line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}).");
        }
    }

    private static bool HasDuplicate(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var names = new HashSet<string>(StringComparer.Ordinal);
                return value.EnumerateObject().Any(member => !names.Add(member.Name) || HasDuplicate(member.Value));
            case JsonValueKind.Array:
                return value.EnumerateArray().Any(HasDuplicate);
            default:
                return false;
        }
    }
}

/// <summary>The JSON Schema of a type that has a JSON converter of its own, from which a schema cannot be derived.</summary>
/// <param name="json">The schema, in the keywords that <see cref="OptionValidator"/> knows.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OptionSchemaAttribute([StringSyntax(StringSyntaxAttribute.Json)] string json) : Attribute
{
    /// <summary>The schema.</summary>
    public string Json => json;
}

/// <summary>What the names in a dictionary of options may be.</summary>
/// <param name="pattern">As ECMA-262 has it.</param>
/// <param name="description">The same in words, to follow "must be".</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OptionNamesAttribute([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, string description) : Attribute
{
    /// <summary>The regular expression.</summary>
    public string Pattern => pattern;

    /// <summary>The same in words.</summary>
    public string Description => description;
}
