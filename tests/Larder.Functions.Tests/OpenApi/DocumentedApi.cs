extern alias schemas;

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Operations;
using schemas::Json.Schema;

namespace Larder.Functions.Tests.OpenApi;

/// <summary>The API's document in this process. Every JSON answer that the tests of functions read is compared with it.</summary>
internal static partial class DocumentedApi
{
    /// <summary>The document.</summary>
    public static JsonNode Document { get; } = JsonNode.Parse(new ApiDocument(new RouteTable(), ServerVersion.Of(isWorker: false)).JsonBelow(default).Span)!;

    private static readonly ConcurrentDictionary<string, JsonSchema?> Schemas = new();

    private static readonly List<(Regex Pattern, string Path)> Paths =
    [
        .. Document["paths"]!.AsObject().Select(path => path.Key)
            // A literal segment counts before a placeholder, as in routing.
            .OrderBy(path => path.Count(letter => letter == '{')).ThenByDescending(path => path.Length)
            .Select(path => (new Regex($"^{Placeholder().Replace(Regex.Escape(path).Replace("}", "\\}"), path.EndsWith("/{path}", StringComparison.Ordinal) ? ".+" : "[^/]+")}/?$", RegexOptions.IgnoreCase), path)),
    ];

    /// <summary>Fails where an answer of a documented operation is not as the document says.</summary>
    public static void Check(HttpResponseMessage response, JsonNode body)
    {
        var request = response.RequestMessage!;
        if (Paths.FirstOrDefault(path => path.Pattern.IsMatch(request.RequestUri!.AbsolutePath)).Path is not { } path
            || Document["paths"]![path]![request.Method.Method.ToLowerInvariant()] is not JsonObject operation
            || operation["responses"] is not JsonObject responses)
        {
            return;
        }

        var status = $"{(int)response.StatusCode}";
        var answer = responses[status] ?? ((int)response.StatusCode >= 400 ? responses["default"] : null);
        Assert.True(answer is not null, $"{request.Method} {path} answers {status}, which the document does not have: add [Answers] to the function.");
        if (answer["content"]?["application/json"]?["schema"] is not { } schema)
            return;
        var problem = Problem(Schemas.GetOrAdd($"{schema.ToJsonString()}", _ => SchemaOf(schema, Document))!, body);
        Assert.True(problem is null, $"{request.Method} {path} answers {status} with what the document does not say: {problem}\n{body.ToJsonString()}");
    }

    /// <summary>A schema of a document, with what it refers to.</summary>
    public static JsonSchema SchemaOf(JsonNode schema, JsonNode document)
    {
        var whole = schema.DeepClone().AsObject();
        whole["$defs"] = document["components"]?["schemas"]?.DeepClone();
        return JsonSchema.FromText(whole.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }

    /// <summary>The first place where JSON does not fit a schema; null when it fits.</summary>
    public static string? Problem(JsonSchema schema, JsonNode? json)
    {
        var result = schema.Evaluate(JsonSerializer.SerializeToElement(json), new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid ? null : string.Join("; ", (result.Details ?? []).Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}")).Take(5));
    }

    [GeneratedRegex(@"\\\{[a-z]+\\\}")]
    private static partial Regex Placeholder();
}
