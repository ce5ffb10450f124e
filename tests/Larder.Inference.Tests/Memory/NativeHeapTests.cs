using System.Runtime.InteropServices;
using Larder.Inference.Limits;
using Larder.Inference.Memory;

namespace Larder.Inference.Tests.Memory;

public sealed class NativeHeapTests
{
    // Bit of the size before a block of glibc's: it was mapped by itself (malloc.c, IS_MMAPPED).
    private const long Mapped = 2;

    [Fact]
    public void A_large_block_is_mapped_by_itself_also_after_a_larger_one_was_freed()
    {
        // Elsewhere, and with musl, blocks have another form.
        if (RuntimeInformation.RuntimeIdentifier is not ("linux-x64" or "linux-arm64"))
            return;
        OnnxEnvironment.Open(new InferenceLimits().MostRunBytes);

        Marshal.FreeHGlobal(Marshal.AllocHGlobal(30 << 20));
        var block = Marshal.AllocHGlobal(24 << 20);

        Assert.Equal(Mapped, Marshal.ReadIntPtr(block, -IntPtr.Size) & Mapped);
        Marshal.FreeHGlobal(block);
    }
}
