using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference.Signatures;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.AzureMl;

/// <summary>The OpenAPI document of <c>/score</c>, made of the signature of a model.</summary>
/// <param name="model">The model.</param>
/// <param name="version">The version of OpenAPI, one of <see cref="VersionOf"/>.</param>
internal sealed class ScoreDocument(ResolvedModel model, string version) : JsonAnswer
{
    private const string Swagger = "2.0";
    private const string Input = "ServiceInput";
    private const string Output = "ServiceOutput";

    private bool IsSwagger => version == Swagger;

    /// <summary>The version that a query asks for; null for one that there is not.</summary>
    public static string? VersionOf(string asked) => asked switch
    {
        "" or "2" or "2.0" => Swagger,
        "3" or "3.0" => "3.0.3",
        "3.1" => "3.1.0",
        _ => null,
    };

    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        Document().WriteTo(writer);
        return StatusCodes.Status200OK;
    }

    private JsonObject Document()
    {
        var document = new JsonObject
        {
            [IsSwagger ? "swagger" : "openapi"] = version,
            ["info"] = new JsonObject { ["title"] = model.Model.Name.ToString(), ["version"] = $"{model.Version.Version}", ["description"] = $"The model {model.Model.Name}, version {model.Version.Version}." },
            ["paths"] = new JsonObject { ["/score"] = new JsonObject { ["post"] = Operation() } },
        };
        var schemas = new JsonObject { [Input] = InputSchema(), [Output] = OutputSchema(), ["Error"] = Object(("message", Type("string"))) };
        if (IsSwagger)
        {
            document["schemes"] = new JsonArray("http", "https");
            document["consumes"] = new JsonArray("application/json");
            document["produces"] = new JsonArray("application/json");
            document["definitions"] = schemas;
        }
        else
        {
            document["components"] = new JsonObject { ["schemas"] = schemas };
        }

        return document;
    }

    private JsonObject Operation()
    {
        var operation = new JsonObject { ["operationId"] = "score", ["summary"] = "Predict." };
        if (IsSwagger)
            operation["parameters"] = new JsonArray(new JsonObject { ["name"] = "body", ["in"] = "body", ["required"] = true, ["schema"] = Reference(Input) });
        else
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(Input) };
        operation["responses"] = new JsonObject { ["200"] = Response("The predictions.", Output), ["default"] = Response("An error.", "Error") };
        return operation;
    }

    private JsonObject Response(string description, string schema)
    {
        var response = new JsonObject { ["description"] = description };
        if (IsSwagger)
            response["schema"] = Reference(schema);
        else
            response["content"] = Content(schema);
        return response;
    }

    private JsonObject Content(string schema) => new() { ["application/json"] = new JsonObject { ["schema"] = Reference(schema) } };

    private JsonObject Reference(string schema) => new() { ["$ref"] = IsSwagger ? $"#/definitions/{schema}" : $"#/components/schemas/{schema}" };

    // A table where the model has columns; otherwise a tensor for each input.
    private JsonObject InputSchema()
    {
        var columns = model.Features?.Features.Take(model.Features.Required).Select(column => column.Name).ToList();
        var data = columns is null ? Object([.. model.Version.Onnx.Signature.Inputs.Select(input => (input.Name, Lists(input)))]) : Object(
            ("columns", new JsonObject { ["type"] = "array", ["items"] = Type("string"), ["example"] = new JsonArray([.. columns.Select(name => JsonValue.Create(name))]) }),
            ("index", List(Type("integer"))),
            ("data", List(List(new JsonObject()))));
        if (columns is not null)
            data["required"] = new JsonArray("data");
        var input = Object(("input_data", data));
        input["required"] = new JsonArray("input_data");
        return input;
    }

    private JsonObject OutputSchema()
    {
        var outputs = model.Version.Onnx.Signature.Outputs;
        return outputs is [var only] ? Lists(only)
            : outputs.All(output => output is { Kind: ValueKind.Sequence } or { Kind: ValueKind.Tensor, HasVariableBatch: true }) ? List(Object([.. outputs.Select(output => (output.Name, Lists(output)["items"]!.DeepClone().AsObject()))]))
            : Object([.. outputs.Select(output => (output.Name, Lists(output)))]);
    }

    private static JsonObject Lists(ValueSignature value) => value.Kind switch
    {
        ValueKind.Tensor => value.Shape!.Aggregate(Type(ApiSchemas.TypeOf(value.Datatype!.Value)), (schema, _) => List(schema)),
        ValueKind.Sequence => List(Lists(value.Element!)),
        _ => new JsonObject { ["type"] = "object", ["additionalProperties"] = Type(ApiSchemas.TypeOf(value.Datatype!.Value)) },
    };

    private static JsonObject Type(string type) => new() { ["type"] = type };

    private static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject Object(params (string Name, JsonObject Schema)[] members) =>
        new() { ["type"] = "object", ["properties"] = new JsonObject([.. members.Select(member => KeyValuePair.Create<string, JsonNode?>(member.Name, member.Schema))]) };
}
