namespace Larder.Registry.Text;

/// <summary>Text from a request or a file as a message may repeat it.</summary>
public static class Quoted
{
    private const int MaxLength = 60;

    /// <summary>The text in quotes: at most 60 characters, each printable.</summary>
    public static string Text(string text)
    {
        var shown = text.Length > MaxLength ? $"{text[..MaxLength]}..." : text;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))}'";
    }
}
