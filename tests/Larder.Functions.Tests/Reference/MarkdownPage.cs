using System.Text;
using System.Text.RegularExpressions;

namespace Larder.Functions.Tests.Reference;

/// <summary>A page in Markdown, as it is written from top to bottom. What callers pass is Markdown already: texts that are not go through <see cref="Plain"/> or <see cref="Code"/>.</summary>
internal sealed partial class MarkdownPage
{
    private readonly StringBuilder _text = new();

    /// <summary>Begins the page.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="origin">What it is made of, to follow "is made of".</param>
    public MarkdownPage(string title, string origin) => _text.Append($"<!-- This page is made of {origin}. To write it again: {ReferenceFiles.Command} -->\n# {title}\n");

    /// <summary>A text without Markdown's characters, so that it is shown as it is, in a table too.</summary>
    public static string Plain(string text) => Special().Replace(text, @"\$0").ReplaceLineEndings(" ");

    /// <summary>A text in the font of code; nothing for an empty one.</summary>
    public static string Code(string text) => text.Length == 0 ? "" : $"`{text.Replace("|", @"\|", StringComparison.Ordinal)}`";

    /// <summary>A link to a heading.</summary>
    /// <param name="heading">The heading's text.</param>
    /// <param name="page">The page that has it; empty for this one.</param>
    public static string LinkTo(string heading, string page = "") => $"[{heading}]({page}#{NotInAnchors().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-')})";

    /// <summary>Adds a heading below the title.</summary>
    public void Heading(string text) => _text.Append($"\n## {text}\n");

    /// <summary>Adds a paragraph.</summary>
    public void Paragraph(string text) => _text.Append($"\n{text}\n");

    /// <summary>Adds a table.</summary>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="rows">The rows, with as many cells.</param>
    public void Table(string[] columns, IEnumerable<string[]> rows)
    {
        _text.Append('\n');
        foreach (var row in rows.Prepend([.. columns.Select(_ => "---")]).Prepend(columns))
        {
            Assert.Equal(columns.Length, row.Length);
            _text.Append('|').AppendJoin('|', row.Select(cell => cell.Length == 0 ? " " : $" {cell} ")).Append("|\n");
        }
    }

    /// <inheritdoc />
    public override string ToString() => _text.ToString();

    // An underscore inside a word is no emphasis, but two are in some renderers.
    [GeneratedRegex(@"[\\`*<>\[\]|]|\b_(?=_)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")]
    private static partial Regex Special();

    // As GitHub makes anchors of headings.
    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchors();
}
