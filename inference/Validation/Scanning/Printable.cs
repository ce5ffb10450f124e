using System.Globalization;
using System.Text;

namespace Larder.Inference.Validation.Scanning;

/// <summary>Text from untrusted files, made fit for one line of an error message.</summary>
internal static class Printable
{
    /// <summary>
    /// The text without control, formatting and unassigned characters (terminal escapes, direction marks), white space collapsed,
    /// cut to a length.
    /// </summary>
    public static string Line(string text, int most)
    {
        var line = new StringBuilder();
        var gap = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                gap = line.Length > 0;
                continue;
            }

            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                continue;
            if (line.Length + rune.Utf16SequenceLength + (gap ? 1 : 0) > most)
                return line.Append('…').ToString();
            if (gap)
                line.Append(' ');
            gap = false;
            line.Append(rune);
        }

        return line.ToString();
    }

    /// <summary>A name in quotes, at most 80 characters of it.</summary>
    public static string Quoted(string name) => $"'{Line(name, 80)}'";
}
