using NetVips;

namespace Larder.Inference.Images;

/// <summary>libvips, set up once for a server: no cache of operations, one thread for an image, no loader that libvips does not trust.</summary>
internal static class Libvips
{
    private static readonly Exception? Failure = SetUp();

    /// <summary>Loads libvips; called before it is used.</summary>
    /// <exception cref="PlatformNotSupportedException">libvips could not be loaded.</exception>
    internal static void EnsureUsable()
    {
        if (Failure is { } failure)
        {
            throw new PlatformNotSupportedException(failure.Message, failure);
        }
    }

    private static Exception? SetUp()
    {
        if (!ModuleInitializer.VipsInitialized)
        {
            return ModuleInitializer.Exception;
        }

        NetVips.NetVips.BlockUntrusted = true;
        // Requests are the parallelism: a pool of threads for each would only add switching.
        NetVips.NetVips.Concurrency = 1;
        // The cache would keep clients' images in memory, and no two are equal.
        Cache.Max = 0;
        return null;
    }
}
