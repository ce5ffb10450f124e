using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>One reference to a GObject, given back on disposal.</summary>
public class GObject : SafeHandle
{
    internal GObject(nint reference)
        : base(0, ownsHandle: true) => SetHandle(reference);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Libvips.Unref(handle);
        return true;
    }
}
