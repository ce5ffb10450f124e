using System.Text.Encodings.Web;
using System.Text.Json;
using Larder.Functions.Jobs;

namespace Larder.Functions.Tests.Reference;

/// <summary>docs/reference/options.md: the options of each type of job, from the JSON Schemas that requests are checked against.</summary>
public sealed class OptionsPageTests
{
    // A bound of the number's type alone.
    private const double Unbounded = int.MaxValue;

    // What the page says of a schema. Another keyword needs a place on the page.
    private static readonly string[] Known =
    [
        "$schema", "description", "type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "default", "pattern", "propertyNames", "writeOnly",
        "minimum", "maximum", "minLength", "maxLength", "maxItems", "maxProperties",
    ];

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void The_page_on_options_is_that_of_this_build() => ReferenceFiles.Check("options.md", Page());

    [Fact]
    public void Every_option_says_what_it_is()
    {
        var options = JobTypes.All.SelectMany(type => Rows(type.Options()).Select(row => (type.Type, Name: row[0], Meaning: row[3]))).ToList();

        Assert.True(options.Count > 40, $"{options.Count}");
        Assert.Empty(options.Where(option => option.Meaning.Length == 0).Select(option => $"The option {option.Name} of {option.Type} lacks [Description(\"...\")]."));
    }

    private static MarkdownPage Page()
    {
        var page = new MarkdownPage("Options of jobs", "the JSON Schemas of `GET /api/v1/job-types`");
        page.Paragraph(
            "What each type of job may be told, beside its files. A request has the options as the field `options` of a form, as a member of that name in JSON, or as its body; the page of the type says which. "
            + "An option that is not listed here, or has another value, is answered with 422. `GET /api/v1/job-types` answers the same as JSON Schema. A point in a name stands for a member of an object: `gate.metric` is `{\"gate\": {\"metric\": ...}}`.");
        page.Table(["type", "what such a job does"], JobTypes.All.Select(type => new[] { MarkdownPage.LinkTo(type.Type), MarkdownPage.Plain(type.Description) }));
        foreach (var type in JobTypes.All)
        {
            page.Heading(type.Type);
            page.Paragraph($"{MarkdownPage.Plain(type.Description)} {Submission(type)}");
            page.Table(["option", "default", "value", "meaning"], Rows(type.Options()));
        }

        return page;
    }

    private static string Submission(JobTypes.Entry type)
    {
        var submit = type.Submit.StartsWith("POST ", StringComparison.Ordinal) ? MarkdownPage.Code(type.Submit) + " submits one" : MarkdownPage.Plain(type.Submit);
        string[] files = [.. type.Files.Select(MarkdownPage.Code), .. type.OptionalFiles.Select(file => $"{MarkdownPage.Code(file)} (optional)")];
        return files.Length == 0 ? $"{submit}." : $"{submit}, with {string.Join(", ", files)}.";
    }

    private static IEnumerable<string[]> Rows(JsonElement schema, string prefix = "")
    {
        Assert.Empty(schema.EnumerateObject().Select(keyword => keyword.Name).Except(Known));
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        foreach (var option in schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject() : default)
        {
            yield return
            [
                MarkdownPage.Code(prefix + option.Name),
                required.Contains(option.Name) ? "required" : option.Value.TryGetProperty("default", out var usual) && !option.Value.TryGetProperty("properties", out _) ? MarkdownPage.Code(Json(usual)) : "",
                Value(option.Value),
                option.Value.TryGetProperty("description", out var description) ? MarkdownPage.Plain(description.GetString()!) : "",
            ];
            foreach (var alternative in Alternatives(option.Value).Where(alternative => alternative.TryGetProperty("properties", out var members) && !IsSecret(members)))
                foreach (var row in Rows(alternative, $"{prefix}{option.Name}."))
                    yield return row;
        }
    }

    private static string Value(JsonElement schema)
    {
        Assert.Empty(schema.EnumerateObject().Select(keyword => keyword.Name).Except(Known));
        if (schema.TryGetProperty("enum", out var values))
            return string.Join(", ", values.EnumerateArray().Select(value => MarkdownPage.Code(Json(value))));
        return string.Join(", or ", Alternatives(schema).Select(One).Where(kind => kind.Length > 0));
    }

    private static string One(JsonElement schema)
    {
        var kinds = schema.TryGetProperty("type", out var type) ? type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(kind => kind.GetString()!).ToList() : [type.GetString()!] : [];
        return string.Join(" or ", kinds.Where(kind => kind != "null").Select(kind => kind switch
        {
            "boolean" => "`true` or `false`",
            "integer" => "whole number" + Bounds(schema, "minimum", "maximum", ""),
            "number" => "number" + Bounds(schema, "minimum", "maximum", ""),
            "string" => "text" + (Count(schema, "minLength") == 1 && Count(schema, "maxLength") is null ? ", not empty" : Bounds(schema, "minLength", "maxLength", " characters")) + Pattern(schema),
            "array" => $"list of {Many(schema.GetProperty("items"))}" + Bounds(schema, "minItems", "maxItems", " of them"),
            "object" when schema.TryGetProperty("properties", out var members) => IsSecret(members) ? "`{\"secret\": text}`" : "object",
            "object" => $"object of {Many(schema.GetProperty("additionalProperties"))} by name" + Bounds(schema, "minProperties", "maxProperties", " of them")
                + (schema.TryGetProperty("propertyNames", out var names) ? $"; a name must be {MarkdownPage.Plain(names.GetProperty("description").GetString()!)}" : ""),
            _ => throw new InvalidOperationException($"The page has no word for {kind}."),
        }));
    }

    private static string Many(JsonElement schema) =>
        string.Join(" or ", Alternatives(schema).Select(alternative => alternative.TryGetProperty("properties", out var members) && !IsSecret(members)
            ? $"objects with {string.Join(", ", members.EnumerateObject().Select(member => MarkdownPage.Code(member.Name)))}"
            : One(alternative).Replace("text", alternative.TryGetProperty("properties", out _) ? "text" : "texts", StringComparison.Ordinal).Replace("number", "numbers", StringComparison.Ordinal)));

    private static IEnumerable<JsonElement> Alternatives(JsonElement schema) => schema.TryGetProperty("anyOf", out var alternatives) ? alternatives.EnumerateArray() : [schema];

    private static bool IsSecret(JsonElement members) => members.TryGetProperty("secret", out _);

    private static string Pattern(JsonElement schema) => schema.TryGetProperty("pattern", out var pattern) ? $", as {MarkdownPage.Code(pattern.GetString()!)}" : "";

    private static string Bounds(JsonElement schema, string leastName, string mostName, string unit) => (Count(schema, leastName), Count(schema, mostName)) switch
    {
        ((null or 0) and var least, < Unbounded and var most) => least is null || unit.Length > 0 ? $", at most {Text(most)}{unit}" : $", from 0 to {Text(most)}",
        ({ } least, < Unbounded and var most) => $", from {Text(least)} to {Text(most)}{unit}",
        ({ } least, _) => $", at least {Text(least)}{unit}",
        _ => "",
    };

    private static double? Count(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out var value) ? value.GetDouble() : null;

    private static string Text(double? number) => FormattableString.Invariant($"{number:0.######}");

    private static string Json(JsonElement value) => JsonSerializer.Serialize(value, Readable);
}
