using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Larder.Inference.Signatures;

namespace Larder.Orchestrations.Options;

/// <summary>The JSON Schema of a record of options: what the serializer knows of it, and what its attributes add.</summary>
internal static class OptionSchemaWriter
{
    private const string Draft = "https://json-schema.org/draft/2020-12/schema";

    // Feature is of a room that knows no schemas.
    private const string FeatureSchema = """
        {"anyOf":[{"type":"string"},{"type":"object","properties":{"name":{"type":"string"},"type":{"type":["string","null"]},"unit":{"type":["string","null"]},
        "missing":{"type":["boolean","null"]},"default":{"type":["string","number","boolean","null"]}},"required":["name"],"additionalProperties":false}]}
        """;

    public static JsonObject Write(Type type, JsonSerializerOptions options)
    {
        var schema = options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Complete(context, node, options),
        }).AsObject();
        schema.Insert(0, "$schema", Draft);
        return schema;
    }

    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode node, JsonSerializerOptions options)
    {
        var schema = (Own(context.TypeInfo.Type) ?? node).AsObject();

        // The exporter leaves out what it could say nothing about.
        if (context.TypeInfo.ElementType is { } element && Own(element) is { } elements)
            schema[context.TypeInfo.Kind == JsonTypeInfoKind.Dictionary ? "additionalProperties" : "items"] = elements;
        if (context.PropertyInfo is not { } property)
            return schema;

        var attributes = property.AttributeProvider!;
        foreach (var attribute in attributes.GetCustomAttributes(inherit: true))
            Add(schema, attribute);
        if (property.PropertyType == typeof(int) && !schema.ContainsKey("minimum"))
            throw new InvalidOperationException($"The option {property.Name} needs a range.");

        var usual = property.Get!(Activator.CreateInstance(property.DeclaringType)!);
        if (usual is not null && !property.IsRequired)
            schema["default"] = JsonSerializer.SerializeToNode(usual, property.PropertyType, options);
        return schema;
    }

    private static JsonNode? Own(Type type) =>
        type == typeof(Feature) ? JsonNode.Parse(FeatureSchema) : type.GetCustomAttribute<OptionSchemaAttribute>() is { } own ? JsonNode.Parse(own.Json) : null;

    private static void Add(JsonObject schema, object attribute)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema.Insert(0, "description", description.Description);
                break;
            case RangeAttribute range:
                (schema["minimum"], schema["maximum"]) = (Node(range.Minimum), Node(range.Maximum));
                break;
            case StringLengthAttribute length:
                (schema["minLength"], schema["maxLength"]) = (length.MinimumLength, length.MaximumLength);
                break;
            case MaxLengthAttribute length:
                schema[schema.ContainsKey("items") ? "maxItems" : schema.ContainsKey("additionalProperties") ? "maxProperties" : "maxLength"] = length.Length;
                break;
            case RegularExpressionAttribute expression:
                schema["pattern"] = expression.Pattern;
                break;
            case AllowedValuesAttribute allowed:
                schema["enum"] = new JsonArray([.. allowed.Values.Select(Node)]);
                break;
            case OptionNamesAttribute names:
                schema["propertyNames"] = new JsonObject { ["description"] = names.Description, ["pattern"] = names.Pattern };
                break;
        }
    }

    private static JsonNode? Node(object? value) => JsonSerializer.SerializeToNode(value);
}
