namespace Larder.Inference.Images.Tests.Files;

/// <summary>GIF files with one solid colour for each frame.</summary>
internal static class Gif
{
    internal static byte[] Animate(ushort width, ushort height, params (byte R, byte G, byte B)[] frames)
    {
        var file = new MemoryStream();
        file.Write("GIF89a"u8);
        Write(file, width, height);
        file.Write([0xF6, 0, 0]); // a global table of 128 colours
        for (var i = 0; i < 128; i++)
        {
            var (r, g, b) = i < frames.Length ? frames[i] : default;
            file.Write([r, g, b]);
        }

        for (var frame = 0; frame < frames.Length; frame++)
        {
            file.Write([0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0]);
            Write(file, width, height);
            file.Write([0, 7]); // no local table, LZW codes start at 8 bits
            Lzw(file, width * height, (byte)frame);
        }

        file.WriteByte(0x3B);
        return file.ToArray();
    }

    /// <summary>A clear code before the dictionary grows keeps every code at 8 bits, so that codes are bytes.</summary>
    private static void Lzw(MemoryStream file, int pixels, byte colour)
    {
        for (var done = 0; done < pixels;)
        {
            var count = Math.Min(100, pixels - done);
            file.Write([(byte)(count + 1), 128]);
            for (var i = 0; i < count; i++)
            {
                file.WriteByte(colour);
            }

            done += count;
        }

        file.Write([1, 129, 0]);
    }

    private static void Write(MemoryStream file, ushort width, ushort height) =>
        file.Write([(byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8)]);
}
