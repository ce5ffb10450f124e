using System.Runtime.InteropServices;

namespace Larder.Inference.Memory;

/// <summary>
/// The memory of native code. glibc raises the size from which a block is mapped by itself to that of the largest such block that was freed, up to 32 MiB: after the first unloaded model, weights are in heaps that other blocks
/// keep from shrinking, and a server that loads and evicts models holds several times its limit. A size that is set stays.
/// </summary>
internal static partial class NativeHeap
{
    // glibc's own, before it raises it; the parameter's number is malloc.h's.
    private const int MappedFromBytes = 128 << 10;
    private const int MmapThreshold = -3;

    /// <summary>Sees to it that freed weights return to the system. The operator's <c>MALLOC_MMAP_THRESHOLD_</c> counts more.</summary>
    public static void ReturnLargeBlocks()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("MALLOC_MMAP_THRESHOLD_") is not null)
            return;
        try
        {
            _ = SetOption(MmapThreshold, MappedFromBytes);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library, as musl, whose threshold is fixed.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}
