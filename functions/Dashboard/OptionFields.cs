using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Dashboard;
using Larder.Dashboard.Parts;
using Larder.Functions.Http;
using Larder.Registry.Errors;

namespace Larder.Functions.Dashboard;

/// <summary>The options of a job as fields of a page's form, which are made of the options' JSON Schema.</summary>
internal static class OptionFields
{
    private const int TextBytes = 64 * 1024;

    /// <summary>The fields.</summary>
    public static IEnumerable<FormField> Of(JsonElement schema) =>
        schema.GetProperty("properties").EnumerateObject().Select(option => new FormField(OptionField.Prefix + option.Name, "An option.") { TextBytes = TextBytes });

    /// <summary>The JSON that a caller of the API would send: text becomes what the schema says of the option. Null without an option.</summary>
    /// <exception cref="InvalidRequestException">The text of an option that is JSON is not.</exception>
    public static byte[]? Read(Form form, JsonElement schema)
    {
        var options = new JsonObject();
        foreach (var option in schema.GetProperty("properties").EnumerateObject())
        {
            if (form.Line(OptionField.Prefix + option.Name) is not { } text)
                continue;
            var types = OptionField.TypesOf(option.Value);
            options[option.Name] = types switch
            {
                _ when types.Contains("string") => text,
                _ when types.Contains("boolean") && bool.TryParse(text, out var flag) => flag,
                _ when types.Contains("integer") && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
                _ when types.Contains("number") && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
                _ => Parsed(option.Name, text),
            };
        }
        return options.Count == 0 ? null : Encoding.UTF8.GetBytes(options.ToJsonString());
    }

    /// <summary>What was typed into a form, to show it again; nothing of one that could not be read.</summary>
    public static IReadOnlyDictionary<string, string> Given(Form? form, FormSpec spec) => form is null
        ? new Dictionary<string, string>()
        : spec.Texts.Where(field => field.Name != PageContext.FormField && form.Text(field.Name) is not null).ToDictionary(field => field.Name, field => form.Text(field.Name)!);

    private static JsonNode? Parsed(string name, string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw new InvalidRequestException($"The option {name} is not JSON.");
        }
    }
}
