namespace NetVips;

/// <summary>A libvips object: an image, or an operation.</summary>
public class VipsObject : GObject
{
    internal VipsObject(nint reference)
        : base(reference)
    {
    }
}
