using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Larder.Inference.Sessions;

/// <summary>
/// One file of a model that consists of several. Together, the one that is loaded first, they are the model's manifest. A model of one file has no manifest.
/// </summary>
/// <param name="Name">Its path in the model's folder, with forward slashes (<see cref="IsName"/>).</param>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Crc32">CRC-32 of its bytes, as zip archives have it.</param>
public sealed record ModelFile(string Name, string Sha256, long SizeBytes, uint Crc32)
{
    /// <summary>The most files of a model.</summary>
    public const int Most = 1000;

    private const int MaxName = 255;

    // Windows allows none of these in a name.
    private static readonly SearchValues<char> NotAllowed = SearchValues.Create("\\:*?\"<>|\uFFFD");

    /// <summary>Whether a name stays inside the folder, and means the same file on every system.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName
        && !name.AsSpan().ContainsAny(NotAllowed) && !name.Any(char.IsControl)
        && name.Split('/').All(part => part.Length > 0 && part[^1] is not ('.' or ' '));

    /// <summary>The SHA-256 of a manifest: of the lines that <c>sha256sum</c> writes for its files in their order.</summary>
    public static string ManifestSha256(IEnumerable<ModelFile> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Select(file => $"{file.Sha256}  {file.Name}\n")))));
}
