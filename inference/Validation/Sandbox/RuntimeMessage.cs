using System.Text.RegularExpressions;
using Larder.Inference.Validation.Scanning;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>
/// Turns ONNX Runtime's error text into a sentence for the person who uploaded the model: without its source files, C++ signatures,
/// addresses and codes, and without this machine's folders.
/// </summary>
internal static partial class RuntimeMessage
{
    private const int MaxLength = 400;
    private const int MostRead = 8_192;

    /// <summary>The sentence for a model that does not load. A locale that StringNormalizer needs is the server's lack, and no fault of the model.</summary>
    /// <inheritdoc cref="Clean"/>
    public static string OfLoad(string message, string path) => MissingLocale().Match(message) is { Success: true } missing
        ? $"The model's StringNormalizer needs the locale {Printable.Quoted(missing.Groups[1].Value)}, which this server lacks: the model may be sound. Install the locale on the server, or set the node's attribute locale to C.UTF-8; docs/onnx.md#text describes both."
        : $"ONNX Runtime cannot load the model: {Clean(message, path)}";

    /// <summary>The sentence.</summary>
    /// <param name="message">ONNX Runtime's text.</param>
    /// <param name="path">The model's file, where it is known: its path must not be told.</param>
    public static string Clean(string message, string? path = null)
    {
        var text = message[..Math.Min(message.Length, MostRead)].ReplaceLineEndings(" ");
        if (text.IndexOf("Stacktrace:", StringComparison.OrdinalIgnoreCase) is > 0 and var trace)
            text = text[..trace];
        text = TerminalColour().Replace(text, "");
        if (path is not null)
            text = text.Replace(path, "the file", StringComparison.Ordinal);
        foreach (var folder in new[] { Path.GetDirectoryName(path), AppContext.BaseDirectory.TrimEnd('/', '\\'), Environment.CurrentDirectory })
        {
            if (folder is { Length: > 1 })
                text = text.Replace(folder, "", StringComparison.OrdinalIgnoreCase);
        }

        text = WithoutSourceLocations(text);
        text = Address().Replace(Noise().Replace(text, ""), "");
        text = Printable.Line(text, MaxLength).Trim(' ', ':', ',', ';');
        if (text.Length == 0)
            text = "no reason was given";
        return text[^1] is '.' or '!' or '?' or '…' ? text : $"{text}.";
    }

    // "file.cc:12 name text", where name may be a whole C++ signature: "void ns::f(const std::map<int, int>&) text".
    private static string WithoutSourceLocations(string text)
    {
        while (SourceLocation().Match(text) is { Success: true } location)
        {
            var end = EndOfFunction(text, location.Index + location.Length);
            text = string.Concat(text.AsSpan(0, location.Index), text.AsSpan(end));
        }

        return text;
    }

    private static int EndOfFunction(string text, int at)
    {
        var space = text.IndexOf(' ', at);
        var parenthesis = text.IndexOf('(', at);
        var scope = text.IndexOf("::", at, StringComparison.Ordinal);
        if (parenthesis < 0 || (space >= 0 && space < parenthesis && (scope < 0 || scope > parenthesis)))
            return space < 0 ? text.Length : space + 1;
        if (parenthesis + 1 < text.Length && text[parenthesis + 1] == ')' && text.AsSpan(0, parenthesis).EndsWith("operator"))
        {
            // operator() is a name; alone it has no parameters behind it.
            if (parenthesis + 2 >= text.Length || text[parenthesis + 2] != '(')
                return Math.Min(parenthesis + 3, text.Length);
            parenthesis += 2;
        }

        var depth = 0;
        for (var i = parenthesis; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth == 0)
                return Qualifiers().Match(text, i + 1) is { Success: true } rest ? rest.Index + rest.Length : i + 1;
        }

        return text.Length;
    }

    [GeneratedRegex(@"Failed to construct locale with name:\s*([^:]*):")]
    private static partial Regex MissingLocale();

    [GeneratedRegex(@"\x1B\[[0-9;]*m")]
    private static partial Regex TerminalColour();

    [GeneratedRegex(@"(?:\b[A-Za-z]:)?(?:[\w.+\-]*[/\\])*[\w+\-]+\.(?:cc|cpp|cxx|h|hpp|cu|cuh|inc):\d+\s*")]
    private static partial Regex SourceLocation();

    [GeneratedRegex(@"\G(?:\s*const\b|\s*noexcept\b|\s*\[with [^\]]*\]|::<lambda\([^)]*\)>)*\s*")]
    private static partial Regex Qualifiers();

    [GeneratedRegex(@"\[ErrorCode:\w+\]\s*|\[ONNXRuntimeError\]\s*:\s*\d+\s*:\s*\w+\s*:\s*|Load model from the file failed:\s*|Exception (?:during initialization|caught):\s*|Fatal error:\s*")]
    private static partial Regex Noise();

    [GeneratedRegex(@"\b0x[0-9a-fA-F]{6,}\b")]
    private static partial Regex Address();
}
