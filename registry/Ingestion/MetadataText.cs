using System.Text;

namespace Larder.Registry.Ingestion;

/// <summary>Text in a blob's metadata, which travels as an HTTP header: printable ASCII, all of it together at most 8 KiB.</summary>
internal static class MetadataText
{
    private const int MaxLength = 2048;

    /// <summary>Escapes what is not printable ASCII, and the percent sign, as URLs do; cuts what is too long.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in text.Trim().EnumerateRunes())
        {
            var part = rune is { IsAscii: true, Value: >= ' ' and < 127 and not '%' } ? rune.ToString() : Uri.EscapeDataString(rune.ToString());
            if (escaped.Length + part.Length > MaxLength - 4)
                return escaped.Append(" ...").ToString();
            escaped.Append(part);
        }

        return escaped.ToString();
    }
}
