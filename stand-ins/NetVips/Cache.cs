namespace NetVips;

/// <summary>libvips' cache of recent operations, with the images that they hold.</summary>
public static class Cache
{
    /// <summary>How many operations are kept.</summary>
    public static int Max
    {
        get => Libvips.GetCacheMax();
        set => Libvips.SetCacheMax(value);
    }
}
