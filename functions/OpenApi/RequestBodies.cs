using System.Text.Json.Nodes;
using Larder.Orchestrations.Options;

namespace Larder.Functions.OpenApi;

/// <summary>A body that a function takes: it reads the body, or checks it, and describes it.</summary>
internal interface IRequestBody
{
    /// <summary>Whether a request must have a body.</summary>
    bool IsRequired { get; }

    /// <summary>The media types that it may have, each with its JSON Schema.</summary>
    IEnumerable<(string MediaType, JsonNode Schema)> Describe(ApiSchemas schemas);
}

/// <summary>A body of bytes, such as an image.</summary>
/// <param name="mediaTypes">The media types that it may have.</param>
internal sealed class FileBody(params string[] mediaTypes) : IRequestBody
{
    private static JsonObject Bytes => new() { ["type"] = "string", ["format"] = "binary" };

    /// <summary>The media types.</summary>
    public IReadOnlyList<string> MediaTypes => mediaTypes;

    /// <summary>Whether it may also be the only file of a form, in a field of any name.</summary>
    public bool OrForm { get; init; }

    /// <inheritdoc />
    public bool IsRequired => true;

    /// <inheritdoc />
    public IEnumerable<(string MediaType, JsonNode Schema)> Describe(ApiSchemas schemas)
    {
        foreach (var type in mediaTypes)
            yield return (type, Bytes);
        if (OrForm)
            yield return ("multipart/form-data", new JsonObject { ["type"] = "object", ["minProperties"] = 1, ["maxProperties"] = 1, ["additionalProperties"] = Bytes });
    }
}

/// <summary>The options of a kind of job, by the schema that they are checked against.</summary>
/// <param name="Name">The name of the record.</param>
/// <param name="Schema">The JSON Schema.</param>
internal sealed record JobOptions(string Name, JsonNode Schema)
{
    /// <summary>Those of a schema.</summary>
    public static JobOptions Of<T>(OptionSchema<T> schema)
        where T : class
    {
        var node = JsonObject.Create(schema.Json)!;
        node.Remove("$schema");
        return new JobOptions(typeof(T).Name, node);
    }
}
