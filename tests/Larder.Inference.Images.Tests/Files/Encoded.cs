using NetVips;

namespace Larder.Inference.Images.Tests.Files;

/// <summary>Files that libvips writes, and what cameras put into them.</summary>
internal static class Encoded
{
    /// <summary>Encodes pixels of 8 bits; <paramref name="suffix"/> as in <c>.webp[lossless]</c>.</summary>
    internal static byte[] As(string suffix, int width, int height, int bands, byte[] pixels)
    {
        using var image = Image.NewFromMemoryCopy<byte>(pixels, width, height, bands, Enums.BandFormat.Uchar);
        return image.WriteToBuffer(suffix);
    }

    /// <summary>A colour photograph of sorts: smooth, and different everywhere.</summary>
    internal static byte[] Gradient(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        for (var i = 0; i < width * height; i++)
        {
            var (x, y) = (i % width, i / width);
            pixels[i * 3] = (byte)(x * 255 / width);
            pixels[(i * 3) + 1] = (byte)(y * 255 / height);
            pixels[(i * 3) + 2] = (byte)((x + y) * 255 / (width + height));
        }

        return pixels;
    }

    /// <summary>An EXIF block that says only how the camera was held.</summary>
    internal static byte[] Orientation(byte value) =>
        [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0];

    /// <summary>Puts a segment right behind the start of a JPEG file.</summary>
    internal static byte[] WithJpegSegment(byte[] jpeg, byte marker, ReadOnlySpan<byte> content)
    {
        var length = content.Length + 2;
        return [.. jpeg.AsSpan(0, 2), 0xFF, marker, (byte)(length >> 8), (byte)length, .. content, .. jpeg.AsSpan(2)];
    }
}
