using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Larder.Dashboard.Assets;

/// <summary>A file that pages refer to.</summary>
/// <param name="Name">Its name, with the beginning of its SHA-256 before the extension: another content has another name, so that clients may keep it for good.</param>
/// <param name="ContentType">What it is.</param>
/// <param name="Bytes">Its content.</param>
public sealed record Asset(string Name, string ContentType, ReadOnlyMemory<byte> Bytes);

/// <summary>The styles, scripts and pictures of the pages, which this assembly has as resources.</summary>
public static class AssetFiles
{
    // Of 64: enough to tell releases apart.
    private const int HashDigits = 12;

    private static readonly FrozenDictionary<string, Asset> ByResource = typeof(AssetFiles).Assembly.GetManifestResourceNames()
        .ToFrozenDictionary(name => name, Read, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Asset> ByName = ByResource.Values.ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IEnumerable<Asset> All => ByResource.Values;

    /// <summary>The asset of a name with a hash; null when there is none.</summary>
    public static Asset? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The name with hash of a file.</summary>
    /// <param name="file">As it is called in this project, such as <c>larder.css</c>.</param>
    public static string NameOf(string file) => ByResource[file].Name;

    private static Asset Read(string resource)
    {
        using var stream = typeof(AssetFiles).Assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..HashDigits];
        var extension = Path.GetExtension(resource);
        return new Asset($"{Path.GetFileNameWithoutExtension(resource)}.{hash}{extension}", TypeOf(extension), bytes);
    }

    private static string TypeOf(string extension) => extension switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"No content type is known for an asset with the extension {extension}."),
    };
}
