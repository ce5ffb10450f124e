using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Xml.Linq;
using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Inference.Signatures;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Larder.Functions.OpenApi;

/// <summary>
/// The JSON Schemas of a document: of each record of contracts/ one component, as the serializer describes it, with the text of its XML documentation.
/// Records of requests come first: one that requests and answers share has the request's schema.
/// </summary>
/// <param name="document">The document that gets the components.</param>
internal sealed class ApiSchemas(OpenApiDocument document)
{
    private const string Reference = "#/components/schemas/";
    private static readonly Assembly Contracts = typeof(Answer).Assembly;
    private static readonly Dictionary<string, XElement> Comments = ReadComments();

    private readonly Dictionary<string, JsonNode> _components = new(StringComparer.Ordinal);

    /// <summary>The schema of a request's record.</summary>
    /// <param name="type">The record.</param>
    /// <param name="member">A member whose schema the record does not know, and that schema; null for none.</param>
    public JsonNode OfRequest(Type type, (string Name, JsonNode Schema)? member = null)
    {
        var reference = Of(type, isRequest: true);
        if (member is var (name, schema) && _components[type.Name]["properties"]![name] is JsonObject)
            _components[type.Name]["properties"]![name] = schema.DeepClone();
        return reference;
    }

    /// <summary>The schema of an answer's type.</summary>
    public JsonNode OfAnswer(Type type) => Of(type, isRequest: false);

    /// <summary>A schema that is a component of its own.</summary>
    public JsonNode Named(string name, JsonNode schema)
    {
        _components.TryAdd(name, schema);
        return ReferenceTo(name);
    }

    /// <summary>The type of JSON of a datatype's elements.</summary>
    public static string TypeOf(Datatype datatype) => datatype switch
    {
        Datatype.Bytes => "string",
        Datatype.Bool => "boolean",
        Datatype.Fp16 or Datatype.Bf16 or Datatype.Fp32 or Datatype.Fp64 => "number",
        _ => "integer",
    };

    /// <summary>A schema for what fits one of several; the only one where there is one.</summary>
    public static JsonNode AnyOf(IEnumerable<JsonNode> schemas)
    {
        var distinct = schemas.DistinctBy(schema => schema.ToJsonString()).ToList();
        return distinct is [var only] ? only : new JsonObject { ["anyOf"] = new JsonArray([.. distinct.Select(schema => schema.DeepClone())]) };
    }

    /// <summary>A schema that has the form of an example: the type of each member, all of which are required.</summary>
    public static JsonNode OfExample(JsonNode? example) => example switch
    {
        JsonObject members => new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, (JsonNode?)OfExample(member.Value)))),
            ["required"] = new JsonArray([.. members.Select(member => (JsonNode)member.Key)]),
        },
        JsonArray => new JsonObject { ["type"] = "array", ["items"] = new JsonObject() },
        null => new JsonObject(),
        _ => new JsonObject
        {
            ["type"] = example.GetValueKind() switch
            {
                JsonValueKind.String => "string",
                JsonValueKind.Number => "number",
                _ => "boolean",
            },
        },
    };

    /// <summary>A schema as an object of the document.</summary>
    public IOpenApiSchema Parse(JsonNode schema)
    {
        if (schema["$ref"] is { } reference && schema.AsObject().Count == 1)
            return new OpenApiSchemaReference(reference.GetValue<string>()[Reference.Length..], document);
        var parsed = OpenApiModelFactory.Parse<OpenApiSchema>(schema.ToJsonString(), OpenApiSpecVersion.OpenApi3_1, document, out var diagnostic, OpenApiConstants.Json);
        return parsed is not null && diagnostic.Errors.Count == 0 ? parsed : throw new InvalidOperationException($"{schema.ToJsonString()} is no schema: {diagnostic.Errors.FirstOrDefault()?.Message}");
    }

    /// <summary>Adds all components to the document.</summary>
    public void Complete()
    {
        foreach (var (name, schema) in _components.OrderBy(component => component.Key, StringComparer.Ordinal))
            document.AddComponent(name, Parse(schema));
    }

    private static JsonObject ReferenceTo(string name) => new() { ["$ref"] = Reference + name };

    private JsonNode Of(Type type, bool isRequest)
    {
        if (type.Assembly != Contracts)
            return Export(type, isRequest, isComponent: false);
        if (!_components.ContainsKey(type.Name))
        {
            // Before it is made: a record may refer to itself.
            _components[type.Name] = new JsonObject();
            _components[type.Name] = Export(type, isRequest, isComponent: true);
        }
        return ReferenceTo(type.Name);
    }

    private JsonNode Export(Type type, bool isRequest, bool isComponent)
    {
        return Json.Options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Complete(context, node, isRequest, isRoot: isComponent && context.PropertyInfo is null && context.TypeInfo.Type == type && context.Path.IsEmpty),
        });
    }

    private JsonNode Complete(JsonSchemaExporterContext context, JsonNode node, bool isRequest, bool isRoot)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = context.PropertyInfo is { } property ? (isRequest ? property.IsSetNullable : property.IsGetNullable) : context.TypeInfo.Type != type;
        if (!isRoot && type.Assembly == Contracts && context.TypeInfo.Kind == JsonTypeInfoKind.Object)
        {
            var reference = Of(type, isRequest);
            return Described(isNullable ? AnyOf([reference, new JsonObject { ["type"] = "null" }]).AsObject() : reference.AsObject(), context.PropertyInfo);
        }

        // What may be anything is true for the exporter.
        var schema = node as JsonObject ?? [];
        if (type == typeof(int) || type == typeof(long) || type == typeof(double))
            schema["format"] = type == typeof(double) ? "double" : type == typeof(int) ? "int32" : "int64";
        if (context.PropertyInfo?.AttributeProvider is PropertyInfo { PropertyType.IsGenericType: true } dictionary && schema["additionalProperties"] is JsonObject { Count: 1 } value
            && value["type"] is JsonValue && new NullabilityInfoContext().Create(dictionary).GenericTypeArguments[^1].ReadState == NullabilityState.Nullable)
        {
            // The exporter does not see the ? of a type argument.
            value["type"] = new JsonArray(value["type"]!.DeepClone(), "null");
        }
        if (!isRoot)
            return Described(schema, context.PropertyInfo);

        if (Summary($"T:{type.FullName}") is { } summary)
            schema.Insert(0, "description", summary);
        if (isRequest)
            return schema;
        // A client of this release must read an answer of the next one, which may have more.
        schema.Remove("additionalProperties");
        schema["required"] = new JsonArray([.. context.TypeInfo.Properties.Where(IsAlwaysThere).Select(member => (JsonNode)member.Name)]);
        return schema;
    }

    private static bool IsAlwaysThere(JsonPropertyInfo property) =>
        property.AttributeProvider!.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is not [JsonIgnoreAttribute { Condition: not JsonIgnoreCondition.Never }];

    private static JsonObject Described(JsonObject schema, JsonPropertyInfo? property)
    {
        if (property?.AttributeProvider is MemberInfo { DeclaringType: { } type } member && (Summary($"P:{type.FullName}.{member.Name}") ?? OfParameter(type, member.Name)) is { } text)
            schema.Insert(0, "description", text);
        return schema;
    }

    // The compiler documents the property of a positional record as its parameter.
    private static string? OfParameter(Type type, string name) =>
        Comments.GetValueOrDefault($"T:{type.FullName}")?.Elements("param").FirstOrDefault(parameter => parameter.Attribute("name")?.Value == name) is { } found ? Text(found) : null;

    private static string? Summary(string member) => Comments.GetValueOrDefault(member)?.Element("summary") is { } summary ? Text(summary) : null;

    private static string Text(XElement element) => string.Join(' ', string.Concat(element.Nodes().Select(node => node switch
    {
        XElement code => $"`{code.Value}`",
        XText text => text.Value,
        _ => "",
    })).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // The compiler writes it beside the assembly, and the SDK publishes it.
    private static Dictionary<string, XElement> ReadComments() =>
        XDocument.Load(Path.ChangeExtension(Contracts.Location, ".xml")).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);
}
