namespace Larder.Orchestrations;

/// <summary>Where a data set is to be fetched from, as a job's <c>source</c> has it.</summary>
/// <param name="Container">The container; null for a URL.</param>
/// <param name="Path">The path in it, or the URL.</param>
/// <param name="ETag">What the file must be; null for whatever it is.</param>
internal sealed record DatasetSource(string? Container, string Path, string? ETag)
{
    /// <summary>Whether a text is a URL.</summary>
    public static bool IsUrl(string source) => source.Contains("://", StringComparison.Ordinal);

    /// <summary>A source of a container.</summary>
    public static string Of(string container, string path, string? etag) => etag is null ? $"{container}/{path}" : $"{container}/{path}@{etag}";

    /// <summary>Reads one.</summary>
    /// <param name="source">The text.</param>
    /// <param name="isPinned">Whether it ends with an ETag: those of dropped files do.</param>
    public static DatasetSource Parse(string source, bool isPinned)
    {
        if (IsUrl(source))
            return new DatasetSource(null, source, null);
        var slash = source.IndexOf('/');
        var at = isPinned ? source.LastIndexOf('@') : -1;
        return at < 0
            ? new DatasetSource(source[..slash], source[(slash + 1)..], null)
            : new DatasetSource(source[..slash], source[(slash + 1)..at], source[(at + 1)..]);
    }
}
