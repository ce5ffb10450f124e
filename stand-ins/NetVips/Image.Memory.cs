using System.Runtime.InteropServices;

namespace NetVips;

public partial class Image
{
    /// <summary>Opens an encoded image: reads its header, and the pixels when they are needed. Copies <paramref name="data"/>.</summary>
    /// <exception cref="VipsException">No loader knows the format, or the header is damaged.</exception>
    public static Image NewFromBuffer(
        ReadOnlySpan<byte> data,
        string strOptions = "",
        Enums.Access? access = null,
        Enums.FailOn? failOn = null,
        VOption? kwargs = null)
    {
        var loader = Libvips.FindLoadBuffer(in MemoryMarshal.GetReference(data), (nuint)data.Length);
        if (loader == 0)
        {
            throw new VipsException("unable to load from buffer");
        }

        using var load = new Operation(Marshal.PtrToStringUTF8(loader)!);
        return load.With(strOptions).With("buffer", data).With("access", access).With("fail_on", failOn).With(kwargs).RunToImage();
    }

    /// <summary>An image of the given pixels, row by row, bands side by side. Copies <paramref name="data"/>.</summary>
    /// <exception cref="VipsException">There are fewer bytes than pixels.</exception>
    public static Image NewFromMemoryCopy<T>(ReadOnlySpan<T> data, int width, int height, int bands, Enums.BandFormat format)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(data);
        var image = Libvips.NewFromMemoryCopy(in MemoryMarshal.GetReference(bytes), (nuint)bytes.Length, width, height, bands, (int)format);
        return image == 0 ? throw new VipsException("unable to make image from memory") : new Image(image);
    }

    /// <summary>Computes the pixels into memory that the caller frees with <see cref="NetVips.Free"/>.</summary>
    /// <exception cref="VipsException">A pixel could not be computed: a damaged file shows here.</exception>
    public nint WriteToMemory(out ulong size)
    {
        var memory = Libvips.WriteToMemory(this, out var bytes);
        size = bytes;
        return memory == 0 ? throw new VipsException("unable to write to memory") : memory;
    }

    /// <summary>Encodes the image. <paramref name="formatString"/> is a suffix with options: <c>.webp[lossless]</c>.</summary>
    /// <exception cref="VipsException">No saver knows the suffix, or an option is unknown.</exception>
    public byte[] WriteToBuffer(string formatString, VOption? kwargs = null)
    {
        var options = formatString.IndexOf('[') is var bracket and >= 0 ? bracket : formatString.Length;
        var saver = Libvips.FindSaveBuffer(formatString[..options]);
        if (saver == 0)
        {
            throw new VipsException("unable to write to buffer");
        }

        using var save = new Operation(Marshal.PtrToStringUTF8(saver)!);
        return save.With(formatString[options..]).With("in", this).With(kwargs).RunToBytes("buffer");
    }
}
