using System.Globalization;
using System.Text;
using System.Text.Json;
using Ganss.Xss;
using Larder.Contracts;
using Markdig;

namespace Larder.Functions.Models;

/// <summary>A model's card as text: in Markdown, and as HTML that is made of it.</summary>
internal static class CardText
{
    private const string Marks = "\\`*_{}[]<>()#+-.!|~";

    // Raw HTML stays text; what Markdown itself can make of an address, the sanitizer decides.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();

    /// <summary>The card in Markdown (CommonMark, with tables as GitHub has them).</summary>
    public static string Markdown(CardAnswer card)
    {
        var (text, version) = (new StringBuilder(), card.Version);
        text.Append(CultureInfo.InvariantCulture, $"# {Escaped(card.Reference)}\n\n");
        if (card.Description.Length > 0)
            text.Append(card.Description.ReplaceLineEndings("\n").Trim()).Append("\n\n");
        if (version.Description.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"## This version\n\n{version.Description.ReplaceLineEndings("\n").Trim()}\n\n");

        Facts(text, "Facts",
        [
            ["Owner", card.Owner],
            ["Aliases", string.Join(", ", card.Aliases)],
            ["Tags", string.Join(", ", card.Tags.Concat(version.Tags).Select(tag => tag.Value.Length > 0 ? $"{tag.Key}: {tag.Value}" : tag.Key))],
            ["Created", version.Created.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)],
            ["Published by", card.PublishedBy],
            ["Source", version.Source],
            ["Job", version.Job],
            ["Run", version.Run],
            ["File", $"{version.FileName ?? "without a name"}, {version.SizeBytes.ToString(CultureInfo.InvariantCulture)} bytes"],
            ["SHA-256", version.Sha256],
            ["Made by", version.Producer],
            ["Format", $"ONNX IR {version.IrVersion.ToString(CultureInfo.InvariantCulture)}, {string.Join(", ", version.Opsets.Select(opset => string.Create(CultureInfo.InvariantCulture, $"{(opset.Key.Length == 0 ? "ai.onnx" : opset.Key)} {opset.Value}")))}"],
            ["Samples", version.Samples?.Check is { } check ? check.Difference ?? "gives the expected outputs" : null],
        ]);
        Table(text, "Inputs", ["Name", "Datatype", "Shape"], version.Signature.Inputs.Select(Row));
        Table(text, "Outputs", ["Name", "Datatype", "Shape"], version.Signature.Outputs.Select(Row));
        Table(text, "Features", ["Name", "Type", "Unit", "May be missing"], version.Features.Select(feature => (string?[])[feature.Name, feature.Type, feature.Unit, feature.Missing == true ? "yes" : null]));
        if (version.Labels.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"## Classes\n\n{string.Join(", ", version.Labels.Select(Escaped))}\n\n");
        Table(text, "Metrics", ["Metric", "Value"], version.Metrics.Select(metric => (string?[])[metric.Key, metric.Value.ToString(CultureInfo.InvariantCulture)]));
        Table(text, "Made from", ["Input", "File", "SHA-256"], card.JobInputs.Select(input => (string?[])[input.Name, input.FileName, input.Sha256]));
        if (card.Example is { } example)
            text.Append(CultureInfo.InvariantCulture, $"## Example\n\n{Fenced($"{example.Method} {example.Path}\nContent-Type: application/json\n\n{JsonSerializer.Serialize(example.Body)}")}\n\n");
        Facts(text, "Limits",
        [
            ["Body", $"{card.Limits.BodyBytes.ToString(CultureInfo.InvariantCulture)} bytes"],
            ["An input tensor", $"{card.Limits.TensorBytes.ToString(CultureInfo.InvariantCulture)} bytes"],
            ["All outputs", $"{card.Limits.OutputBytes.ToString(CultureInfo.InvariantCulture)} bytes"],
            ["A run", $"{card.Limits.RunSeconds.ToString(CultureInfo.InvariantCulture)} seconds"],
        ]);
        return text.ToString().TrimEnd() + "\n";
    }

    /// <summary>The card in HTML that a page may contain as it is.</summary>
    public static string Html(CardAnswer card)
    {
        var sanitizer = new HtmlSanitizer();
        sanitizer.AllowedAttributes.Remove("style");
        sanitizer.AllowedTags.Remove("form");
        return sanitizer.Sanitize(Markdig.Markdown.ToHtml(Markdown(card), Pipeline));
    }

    private static string?[] Row(ValueDetails value) =>
        [value.Optional ? $"{value.Name} (optional)" : value.Name, value.Datatype ?? value.Kind, value.Shape is { } shape ? $"[{string.Join(", ", shape)}]" : null];

    // What is not known has no row.
    private static void Facts(StringBuilder text, string title, IEnumerable<string?[]> rows) => Table(text, title, ["What", "Value"], rows.Where(row => row[1] is { Length: > 0 }));

    private static void Table(StringBuilder text, string title, string[] head, IEnumerable<string?[]> rows)
    {
        var shown = rows.ToList();
        if (shown.Count == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"## {title}\n\n| {string.Join(" | ", head)} |\n|{string.Concat(head.Select(_ => " --- |"))}\n");
        foreach (var row in shown)
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row.Select(cell => Escaped(cell ?? "")))} |\n");
        text.Append('\n');
    }

    // What callers named is text, in one line.
    private static string Escaped(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var character in value)
        {
            if (Marks.Contains(character, StringComparison.Ordinal))
                text.Append('\\').Append(character);
            else
                text.Append(char.IsControl(character) ? ' ' : character);
        }
        return text.ToString();
    }

    // A fence that is longer than any in the text.
    private static string Fenced(string text)
    {
        var fence = "```";
        while (text.Contains(fence, StringComparison.Ordinal))
            fence += "`";
        return $"{fence}\n{text}\n{fence}";
    }
}
