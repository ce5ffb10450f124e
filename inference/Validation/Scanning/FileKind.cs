using System.Collections.Frozen;
using System.Text;
using System.Text.Unicode;

namespace Larder.Inference.Validation.Scanning;

/// <summary>A format of files that are uploaded by mistake instead of an ONNX model.</summary>
/// <param name="Name">As a sentence names it: "a Python pickle".</param>
/// <param name="Section">The section of docs/onnx.md that says how such a model becomes an ONNX model; null when there is none.</param>
public sealed record FileKind(string Name, string? Section = null)
{
    private static readonly FileKind Pickle = new("a Python pickle", "scikit-learn");
    private static readonly FileKind Hdf5 = new("an HDF5 file (Keras saves models so)", "tensorflow-and-keras");
    private static readonly FileKind Lite = new("a TensorFlow Lite model", "tensorflow-and-keras");
    private static readonly FileKind Gguf = new("a GGUF model");
    private static readonly FileKind Safetensors = new("a safetensors file", "hugging-face");

    private static readonly (int Offset, byte[] Magic, FileKind Kind)[] Kinds =
    [
        (0, "PK\x03\x04"u8.ToArray(), new("a ZIP archive (PyTorch's .pt and .pth files are ZIP archives, too)", "pytorch")),
        (0, "PK\x05\x06"u8.ToArray(), new("an empty ZIP archive")),
        (0, [0x1F, 0x8B], new("a gzip file")),
        (0, "BZh"u8.ToArray(), new("a bzip2 file")),
        (0, [0xFD, .. "7zXZ"u8], new("an xz file")),
        (0, [0x28, 0xB5, 0x2F, 0xFD], new("a Zstandard file")),
        (0, [.. "7z"u8, 0xBC, 0xAF], new("a 7-Zip archive")),
        (257, "ustar"u8.ToArray(), new("a tar archive")),
        (0, [0x80, 0x02], Pickle),
        (0, [0x80, 0x03], Pickle),
        (0, [0x80, 0x04, 0x95], Pickle),
        (0, [0x80, 0x05, 0x95], Pickle),
        (0, [0x89, .. "HDF\r\n"u8], Hdf5),
        (4, "TFL3"u8.ToArray(), Lite),
        (4, "ORTM"u8.ToArray(), new("a model in ONNX Runtime's own format (.ort)")),
        (0, "GGUF"u8.ToArray(), Gguf),
        (8, "{\""u8.ToArray(), Safetensors),
        (0, [0x89, .. "PNG"u8], new("a PNG image")),
        (0, [0xFF, 0xD8, 0xFF], new("a JPEG image")),
        (0, "%PDF"u8.ToArray(), new("a PDF document")),
        (0, [0x7F, .. "ELF"u8], new("a program")),
        (0, "version https://git-lfs"u8.ToArray(), new("a Git LFS pointer, not the file that it points to")),
        (0, [0xEF, 0xBB, 0xBF], new("text")),
    ];

    private static readonly FrozenDictionary<string, FileKind> ByExtension = new Dictionary<string, FileKind>
    {
        [".pkl"] = Pickle,
        [".pickle"] = Pickle,
        [".joblib"] = new("a model saved by joblib", "scikit-learn"),
        [".skops"] = new("a model saved by skops", "scikit-learn"),
        [".ubj"] = new("an XGBoost model", "xgboost"),
        [".xgb"] = new("an XGBoost model", "xgboost"),
        [".pt"] = new("a PyTorch model", "pytorch"),
        [".pth"] = new("a PyTorch model", "pytorch"),
        [".ckpt"] = new("a checkpoint of a training", "pytorch"),
        [".pb"] = new("a TensorFlow model", "tensorflow-and-keras"),
        [".h5"] = Hdf5,
        [".hdf5"] = Hdf5,
        [".keras"] = new("a Keras model", "tensorflow-and-keras"),
        [".tflite"] = Lite,
        [".safetensors"] = Safetensors,
        [".gguf"] = Gguf,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where the way to an ONNX model is described, as a sentence that follows another; empty when there is no description.</summary>
    public string Advice => Section is null ? "" : $" docs/onnx.md#{Section} describes the conversion.";

    /// <summary>What a file that begins so looks like, or null when that cannot be told.</summary>
    public static FileKind? Recognise(ReadOnlySpan<byte> head)
    {
        // As every exporter's files begin: field 1, a small IR version, another field.
        if (head is [0x08, > 0 and < 0x20, not 0, ..])
            return null;
        foreach (var (offset, magic, kind) in Kinds)
        {
            if (head.Length >= offset + magic.Length && head[offset..].StartsWith(magic))
                return kind;
        }

        return IsText(head[..Math.Min(head.Length, 512)]) ? new FileKind("text") : null;
    }

    /// <summary>What files with the extension of this name usually are, or null when that is not known.</summary>
    public static FileKind? OfName(string fileName) => ByExtension.GetValueOrDefault(Path.GetExtension(fileName));

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
