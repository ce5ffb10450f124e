using System.Text;
using System.Text.Unicode;

namespace Larder.Inference.Validation.Scanning;

/// <summary>Recognises files that are uploaded by mistake, by their first bytes.</summary>
internal static class FileKind
{
    private static readonly (int Offset, byte[] Magic, string Kind)[] Kinds =
    [
        (0, "PK\x03\x04"u8.ToArray(), "a ZIP archive (PyTorch's .pt and .pth files are ZIP archives, too)"),
        (0, "PK\x05\x06"u8.ToArray(), "an empty ZIP archive"),
        (0, [0x1F, 0x8B], "a gzip file"),
        (0, "BZh"u8.ToArray(), "a bzip2 file"),
        (0, [0xFD, .. "7zXZ"u8], "an xz file"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file"),
        (0, [.. "7z"u8, 0xBC, 0xAF], "a 7-Zip archive"),
        (257, "ustar"u8.ToArray(), "a tar archive"),
        (0, [0x80, 0x02], "a Python pickle"),
        (0, [0x80, 0x03], "a Python pickle"),
        (0, [0x80, 0x04, 0x95], "a Python pickle"),
        (0, [0x80, 0x05, 0x95], "a Python pickle"),
        (0, [0x89, .. "HDF\r\n"u8], "an HDF5 file (Keras saves models so)"),
        (4, "TFL3"u8.ToArray(), "a TensorFlow Lite model"),
        (4, "ORTM"u8.ToArray(), "a model in ONNX Runtime's own format (.ort)"),
        (0, "GGUF"u8.ToArray(), "a GGUF model"),
        (8, "{\""u8.ToArray(), "a safetensors file"),
        (0, [0x89, .. "PNG"u8], "a PNG image"),
        (0, [0xFF, 0xD8, 0xFF], "a JPEG image"),
        (0, "%PDF"u8.ToArray(), "a PDF document"),
        (0, [0x7F, .. "ELF"u8], "a program"),
        (0, "version https://git-lfs"u8.ToArray(), "a Git LFS pointer, not the file that it points to"),
        (0, [0xEF, 0xBB, 0xBF], "text"),
    ];

    /// <summary>What a file that begins so looks like, or null when that cannot be told.</summary>
    public static string? Recognise(ReadOnlySpan<byte> head)
    {
        // As every exporter's files begin: field 1, a small IR version, another field.
        if (head is [0x08, > 0 and < 0x20, not 0, ..])
            return null;
        foreach (var (offset, magic, kind) in Kinds)
        {
            if (head.Length >= offset + magic.Length && head[offset..].StartsWith(magic))
                return kind;
        }

        return IsText(head[..Math.Min(head.Length, 512)]) ? "text" : null;
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        // The cut may fall inside a character.
        for (var cut = 0; cut < 4 && head.Length > 0; cut++, head = head[..^1])
        {
            if (Utf8.IsValid(head))
                return !Encoding.UTF8.GetString(head).Any(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\f'));
        }

        return false;
    }
}
