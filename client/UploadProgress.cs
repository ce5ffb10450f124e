namespace Larder.Client;

/// <summary>How far an upload in blocks is.</summary>
public readonly struct UploadProgress
{
    internal UploadProgress(int blocks, long bytes, long totalBytes) => (Blocks, Bytes, TotalBytes) = (blocks, bytes, totalBytes);

    /// <summary>Blocks that storage has.</summary>
    public int Blocks { get; }

    /// <summary>Bytes of these.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of the file.</summary>
    public long TotalBytes { get; }
}
