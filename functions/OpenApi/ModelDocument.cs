using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Inference.Images;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Larder.Functions.OpenApi;

/// <summary>The OpenAPI document of one model's prediction: what <c>values</c> may be, an example, and what the answer has.</summary>
internal static class ModelDocument
{
    // A longer example helps no reader.
    private const int MostExampleElements = 1000;

    // A grey square of 32 x 32 pixels.
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJklEQVR42u3NMQ0AAAwDoEqv9KrYsQQMkB6LQCAQCAQCgUAg+BIMLd4AWwUPN68AAAAASUVORK5CYII=";

    /// <summary>Makes the document.</summary>
    /// <param name="routes">Has the prediction's route.</param>
    /// <param name="basePath">The path below which callers reach the server; empty for none.</param>
    /// <param name="reference">The model, as the path of its prediction has it.</param>
    /// <param name="model">The version that the reference leads to.</param>
    /// <param name="sample">The <c>values</c> of a sample of the version; null where it has none.</param>
    public static OpenApiDocument Build(RouteTable routes, PathString basePath, string reference, ResolvedModel model, JsonNode? sample)
    {
        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo { Title = $"{model.Model.Name}:{model.Version.Version}", Version = $"{model.Version.Version}", Description = model.Model.Description },
            Servers = ApiDocument.Servers(basePath.ToUriComponent()),
            Paths = [],
        };
        var schemas = new ApiSchemas(document);
        var entry = routes.Entries.Single(route => route.Function == "Predict");
        var path = ApiDocument.Placeholder().Replace(entry.Path, reference);
        var operation = ApiDocument.OperationOf(entry, path, document, schemas);
        operation.OperationId = entry.Function;
        operation.Security = ApiDocument.AddSecurity(document);
        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Body(model, sample, schemas) };
        ((OpenApiResponse)operation.Responses![$"{StatusCodes.Status200OK}"]).Content = ApiDocument.Content("application/json", schemas.Parse(Answer(model, schemas)));
        document.Paths.Add(path, new OpenApiPathItem { Operations = new() { [HttpMethod.Post] = operation } });
        schemas.Complete();
        return document;
    }

    private static Dictionary<string, IOpenApiMediaType> Body(ResolvedModel model, JsonNode? sample, ApiSchemas schemas)
    {
        var content = ApiDocument.Content("application/json", schemas.Parse(Object([("values", Values(model))])));
        if ((sample ?? Example(model)) is { } values)
            ((OpenApiMediaType)content["application/json"]).Example = new JsonObject { ["values"] = values.DeepClone() };
        if (ImagePlan.Accepts(model.Version.Onnx.Signature))
        {
            foreach (var (type, schema) in Prediction.PredictionBodies.Image.Describe(schemas))
                content.Add(type, new OpenApiMediaType { Schema = schemas.Parse(schema) });
        }
        return content;
    }

    // As PredictionInputs.Read takes them.
    private static JsonNode Values(ResolvedModel model)
    {
        var signature = model.Version.Onnx.Signature;
        var byName = Object(
            [.. signature.AllInputs.Select(input => (input.Name, Value(input, model)))], isClosed: true, optional: [.. signature.OptionalInputs.Select(input => input.Name)]);
        List<JsonNode> forms = signature.Inputs is [var first] ? [Value(first, model)] : [];
        if (model.Features is { } columns)
            forms.AddRange(Tables(columns, model));
        if (ImagePlan.Accepts(signature) && signature.Inputs is [{ Name: not "b64" }])
        {
            forms.Add(Described(Object([("b64", Type("string"))], isClosed: true), "An image file in base64."));
            forms.Add(Described(new JsonObject { ["type"] = "string", ["pattern"] = "^data:image/" }, "An image as a data URI."));
        }
        forms.Add(byName);
        return ApiSchemas.AnyOf(forms);
    }

    // A row, a list for each column, and a list of rows; the columns of optional inputs may be left out.
    private static JsonNode[] Tables(FeatureColumns columns, ResolvedModel model)
    {
        var inputs = model.Version.Onnx.Signature.AllInputs.ToList();
        var names = columns.Features.Select(column => column.Name).ToList();
        var elements = columns.Features.Select((column, i) => Described(Element(inputs[columns.At(i).Input], model, [column]), Of(column))).ToList();
        var row = Object([.. names.Zip(elements)], isClosed: true, optional: [.. names.Skip(columns.Required)]);
        return [row, Object([.. names.Zip(elements, (name, element) => (name, (JsonNode)List(element)))], isClosed: true, optional: [.. names.Skip(columns.Required)]), List(row)];
    }

    // Nested lists; one observation may come without the list around it.
    private static JsonNode Value(ValueSignature input, ResolvedModel model)
    {
        var shape = input.Shape!;
        var element = Element(input, model, model.Features is { IsDerived: false } named ? named.Features : []);
        var whole = Lists(element, shape);
        return Described(shape is [-1 or 1, ..] ? ApiSchemas.AnyOf([whole, Lists(element, [.. shape.Skip(1)])]) : whole, input.TypeName);
    }

    private static JsonNode Lists(JsonNode element, IReadOnlyList<long> shape)
    {
        var schema = element;
        foreach (var length in shape.Reverse())
        {
            schema = List(schema);
            if (length >= 0)
                (schema["minItems"], schema["maxItems"]) = (length, length);
        }
        return schema;
    }

    // What an element may be in some of the columns (MissingValues).
    private static JsonNode Element(ValueSignature input, ResolvedModel model, IReadOnlyList<Feature> columns)
    {
        var isFloat = IsFloat(input.Datatype!.Value);
        var takes = isFloat && (columns.Count == 0 ? model.Servable.TakesMissing : columns.Any(column => column.Missing ?? model.Servable.TakesMissing));
        var hasDefault = columns.Any(column => column.Default is not null);
        var element = Type(ApiSchemas.TypeOf(input.Datatype.Value));
        if (!takes && !hasDefault)
            return element;
        string[] words = takes ? ["NaN", "Infinity", "-Infinity"] : ["NaN"];
        return new JsonObject { ["anyOf"] = new JsonArray(element, Words(words), Type("null")) };
    }

    private static JsonObject Answer(ResolvedModel model, ApiSchemas schemas)
    {
        var outputs = model.Version.Onnx.Signature.Outputs;
        List<(string, JsonNode)> members =
        [
            ("http_status", schemas.OfAnswer(typeof(Contracts.HttpStatus))),
            ("values", Output(outputs[0])),
            ("outputs", Object([.. outputs.Select(output => (output.Name, Output(output)))])),
        ];
        if (model.Labels is { } labels)
        {
            var label = new JsonObject { ["type"] = new JsonArray("string", "null") };
            members.Add(("labels", Object([(outputs[labels.Output].Name, ApiSchemas.AnyOf([List(label), label]))])));
        }
        return Object(members);
    }

    // The lengths of an output are what the run gives, whatever the file says of them. With ?top=, a row of scores is a list of objects.
    private static JsonNode Output(ValueSignature output) => Described(
        output.Kind switch
        {
            ValueKind.Sequence => List(Output(output.Element!)),
            ValueKind.Map => new JsonObject { ["type"] = "object", ["additionalProperties"] = OutputElement(output.Datatype!.Value) },
            _ => Lists(OutputElement(output.Datatype!.Value), [.. output.Shape!.Select(_ => -1L)]),
        },
        output.TypeName);

    private static JsonNode OutputElement(Datatype datatype) =>
        IsFloat(datatype) ? new JsonObject { ["anyOf"] = new JsonArray(Type("number"), Words("NaN", "Infinity", "-Infinity")) } : Type(ApiSchemas.TypeOf(datatype));

    /// <summary>Values that the model takes: zeros of one row, as validation has run it on, or a small picture; null where they would be too many to read.</summary>
    internal static JsonNode? Example(ResolvedModel model)
    {
        var signature = model.Version.Onnx.Signature;
        if (ImagePlan.Accepts(signature) && signature.Inputs is [{ Name: not "b64" }])
            return new JsonObject { ["b64"] = Png };
        if (signature.Inputs.Sum(input => Elements(input.Shape!)) is var elements && (elements < 0 || elements > MostExampleElements))
            return null;
        if (model.Features is { IsDerived: false } features)
            return new JsonObject(features.Features.Select(feature => KeyValuePair.Create(feature.Name, feature.Default is { } usual ? JsonNode.Parse(usual.GetRawText()) : Zero(signature.Inputs[0].Datatype!.Value))));
        return signature.Inputs is [var only]
            ? Zeros(only, 0)
            : new JsonObject(signature.Inputs.Select(input => KeyValuePair.Create(input.Name, (JsonNode?)Zeros(input, 0))));
    }

    private static JsonNode Zeros(ValueSignature input, int dimension) => dimension == input.Shape!.Count
        ? Zero(input.Datatype!.Value)
        : new JsonArray([.. Enumerable.Range(0, (int)Math.Abs(input.Shape[dimension])).Select(_ => Zeros(input, dimension + 1))]);

    // What other dimensions than the first should be where they vary is not known: then a number below zero.
    private static double Elements(IReadOnlyList<long> shape) =>
        shape.Skip(1).Any(length => length < 0) ? double.NegativeInfinity : shape.Aggregate(1.0, (product, length) => product * Math.Abs(length));

    private static JsonNode Zero(Datatype datatype) => datatype switch
    {
        Datatype.Bytes => "",
        Datatype.Bool => false,
        _ => 0,
    };

    private static string Of(Feature feature) => string.Join(", ", new[] { feature.Type, feature.Unit }.Where(text => text is { Length: > 0 }));

    private static bool IsFloat(Datatype datatype) => ApiSchemas.TypeOf(datatype) == "number";

    private static JsonObject Type(string name) => new() { ["type"] = name };

    private static JsonObject List(JsonNode items) => new() { ["type"] = "array", ["items"] = items.DeepClone() };

    private static JsonObject Words(params IEnumerable<string> words) => new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };

    private static JsonNode Described(JsonNode schema, string text)
    {
        if (text.Length > 0)
            schema["description"] = text;
        return schema;
    }

    private static JsonObject Object(IReadOnlyList<(string Name, JsonNode Schema)> members, bool isClosed = false, params IReadOnlyList<string> optional)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema))) };
        var required = members.Select(member => member.Name).Except(optional).ToList();
        if (required.Count > 0)
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        if (isClosed)
            schema["additionalProperties"] = false;
        return schema;
    }
}
