namespace Larder.Inference.Sessions;

/// <summary>What <see cref="ArtifactFileCache"/> knows of one file. Counters change under the cache's lock.</summary>
internal sealed class CachedFile(string sha256, string path)
{
    public string Sha256 { get; } = sha256;

    public string Path { get; } = path;

    /// <summary>One verifies or fetches at a time.</summary>
    public SemaphoreSlim Preparing { get; } = new(1);

    /// <summary>The content was seen to be right by this process.</summary>
    public volatile bool Verified;

    /// <summary>Bytes on the disk; 0 while it is not there.</summary>
    public long Bytes { get; set; }

    public int Users { get; set; }

    public DateTimeOffset LastUsed { get; set; }
}
