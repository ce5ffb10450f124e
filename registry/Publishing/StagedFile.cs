namespace Larder.Registry.Publishing;

/// <summary>An upload on local disk, counted and hashed, not yet looked into. Disposing of it deletes the file.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    internal StagedFile(string path, string sha256, long sizeBytes) => (Path, Sha256, SizeBytes) = (path, sha256, sizeBytes);

    /// <summary>The local file.</summary>
    public string Path { get; }

    /// <summary>SHA-256 of its bytes, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Its size in bytes.</summary>
    public long SizeBytes { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        File.Delete(Path);
        return ValueTask.CompletedTask;
    }
}
