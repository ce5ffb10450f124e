namespace Larder.Registry.Ingestion;

/// <summary>A blob in the container <c>uploads</c>, as it was when it was read.</summary>
/// <param name="Path">Its name, without the container.</param>
/// <param name="ETag">Which content it has; without quotes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Modified">When it was written last, by the clock of the store.</param>
/// <param name="IsCopying">Whether the store is still copying into it.</param>
/// <param name="GrowsInPlace">
/// Whether its content may still be incomplete: an append or page blob, a blob under a lease, or one that was created empty to be filled, as
/// clients of a hierarchical namespace do. A block blob is there whole or not at all.
/// </param>
public sealed record IngestedBlob(string Path, string ETag, long SizeBytes, DateTimeOffset Modified, bool IsCopying, bool GrowsInPlace)
{
    /// <summary>What the result of a drop is called, behind the drop's own name.</summary>
    public const string ResultSuffix = ".result.json";

    /// <summary>The model that it is for: the first part of its path, which need not be a model's name.</summary>
    public static string ModelOf(string path) => path[..Math.Max(0, path.IndexOf('/'))];

    /// <summary>The last part of its path.</summary>
    public static string FileNameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>What the names of archives end with.</summary>
    public static IReadOnlyList<string> ArchiveExtensions { get; } = [".zip", ".tar.gz", ".tgz"];

    /// <summary>Whether it is an archive, by its name.</summary>
    public static bool IsArchive(string path) => ArchiveExtensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a blob of that name is to be a model; others, results and data sets, are left alone.</summary>
    public static bool IsModel(string path) =>
        path.Contains('/') && (IsArchive(path) || path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase));
}
