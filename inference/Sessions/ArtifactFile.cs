namespace Larder.Inference.Sessions;

/// <summary>A verified local file that is not removed while this is held.</summary>
public sealed class ArtifactFile : IDisposable
{
    private readonly ArtifactFileCache _cache;
    private CachedFile? _file;

    internal ArtifactFile(ArtifactFileCache cache, CachedFile file)
    {
        _cache = cache;
        _file = file;
        Path = file.Path;
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>Says that the content seems wrong: it is verified again before its next use.</summary>
    public void Distrust()
    {
        if (_file is { } file)
            file.Verified = false;
    }

    /// <summary>Lets the file go.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, null) is { } file)
            _cache.Return(file);
    }
}
