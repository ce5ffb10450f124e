using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Registry.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Larder.Registry.Text;

/// <summary>
/// Reads YAML as the JSON that it stands for (YAML 1.2, core schema). Aliases, tags and several documents are refused: they are not needed here, and a few
/// lines of aliases can stand for gigabytes.
/// </summary>
public static partial class YamlJson
{
    private const int MaxDepth = 32;

    // YAML 1.2, section 5.1. The parser fails on a NUL, where it should refuse it.
    private static readonly SearchValues<char> NotPrintable = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\u0085'))]);

    /// <summary>The value of the only document; null for an empty one.</summary>
    /// <param name="yaml">UTF-8, with or without a byte-order mark.</param>
    /// <exception cref="InvalidRequestException">It is no YAML, or more than is understood here: a sentence that names the line.</exception>
    public static JsonNode? Read(BinaryData yaml)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(yaml.ToMemory().Span).TrimStart('\uFEFF');
            if (text.AsSpan().IndexOfAny(NotPrintable) is >= 0 and var at)
                throw new InvalidRequestException($"line {text.AsSpan(0, at).Count('\n') + 1} has a character that no YAML may have (U+{(int)text[at]:X4}).");
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
                return null;
            parser.Consume<DocumentStart>();
            var node = Node(parser, 0);
            parser.Consume<DocumentEnd>();
            return parser.TryConsume<StreamEnd>(out _) ? node : throw Wrong("it has more than one document", parser.Current);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException("it is not UTF-8.");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's own: for a plain text that ends in a character which it takes for white space in one place only, as U+2028; for a tag that is no URI.
            throw new InvalidRequestException("it is no YAML.");
        }
        catch (YamlException e)
        {
            throw new InvalidRequestException($"line {e.Start.Line}, column {e.Start.Column} is no YAML.");
        }
    }

    private static JsonNode? Node(Parser parser, int depth)
    {
        if (parser.Current is AnchorAlias || parser.Current is NodeEvent { Anchor.IsEmpty: false })
            throw Wrong("anchors and aliases (& and *) are not allowed", parser.Current);
        if (parser.Current is NodeEvent { Tag.IsEmpty: false })
            throw Wrong("tags (!) are not allowed", parser.Current);
        if (depth > MaxDepth)
            throw Wrong($"it is nested more than {MaxDepth} deep", parser.Current);
        if (parser.TryConsume<Scalar>(out var scalar))
            return scalar.Style == ScalarStyle.Plain ? Plain(scalar.Value) : JsonValue.Create(scalar.Value);
        return parser.Accept<MappingStart>(out _) ? Mapping(parser, depth) : Sequence(parser, depth);
    }

    private static JsonObject Mapping(Parser parser, int depth)
    {
        parser.Consume<MappingStart>();
        var members = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var at = parser.Current;
            if (!parser.TryConsume<Scalar>(out var name))
                throw Wrong("a key must be a text", at);
            if (members.ContainsKey(name.Value))
                throw Wrong($"the key {Quoted.Text(name.Value)} is there twice", at);
            members[name.Value] = Node(parser, depth + 1);
        }

        return members;
    }

    private static JsonArray Sequence(Parser parser, int depth)
    {
        parser.Consume<SequenceStart>();
        var items = new JsonArray();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(Node(parser, depth + 1));
        return items;
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ when Float().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };

    private static InvalidRequestException Wrong(string what, ParsingEvent? at) => new($"line {at?.Start.Line ?? 0}: {what}.");

    [GeneratedRegex(@"^[-+]?[0-9]+\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Float();
}
