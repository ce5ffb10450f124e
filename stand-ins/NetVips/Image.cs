using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>An image: a header, and pixels that are computed when they are asked for.</summary>
public partial class Image : VipsObject
{
    internal Image(nint reference)
        : base(reference)
    {
    }

    /// <summary>Width in pixels.</summary>
    public int Width => Libvips.GetWidth(this);

    /// <summary>Height in pixels; of all loaded pages together.</summary>
    public int Height => Libvips.GetHeight(this);

    /// <summary>Values of one pixel.</summary>
    public int Bands => Libvips.GetBands(this);

    /// <summary>Type of one value.</summary>
    public Enums.BandFormat Format => (Enums.BandFormat)Libvips.GetFormat(this);

    /// <summary>What the values mean.</summary>
    public Enums.Interpretation Interpretation => (Enums.Interpretation)Libvips.GetInterpretation(this);

    /// <summary>Whether the last band is opacity.</summary>
    public bool HasAlpha() => Libvips.HasAlpha(this) != 0;

    /// <summary>Whether the header has the field.</summary>
    public bool Contains(string name) => Libvips.GetTypeOf(this, name) != 0;

    /// <summary>A field of the header: an int, a double, a string, or a byte array.</summary>
    /// <exception cref="VipsException">There is no such field.</exception>
    public object Get(string name)
    {
        if (Libvips.GetField(this, name, out var value) != 0)
        {
            throw new VipsException($"unable to get {name}");
        }

        try
        {
            return (Libvips.GetFundamental(value.Type), GType.NameOf(value.Type)) switch
            {
                (GType.Int, _) => Libvips.GetInt(in value),
                (GType.Double, _) => Libvips.GetDouble(in value),
                (GType.String, _) => Marshal.PtrToStringUTF8(Libvips.GetString(in value)) ?? "",
                (_, "VipsRefString") => Marshal.PtrToStringUTF8(Libvips.GetRefString(in value, out _)) ?? "",
                (_, "VipsBlob") => Operation.BytesOf(in value),
                var (_, type) => throw new ArgumentException($"Field {name} is a {type}, which has no counterpart here."),
            };
        }
        finally
        {
            Libvips.UnsetValue(ref value);
        }
    }
}
