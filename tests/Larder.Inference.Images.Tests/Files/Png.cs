using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Larder.Inference.Images.Tests.Files;

/// <summary>PNG files written byte by byte, so that what libvips reads was not written by libvips.</summary>
internal static class Png
{
    internal const byte Grey = 0;
    internal const byte Rgb = 2;
    internal const byte Palette = 3;
    internal const byte GreyAlpha = 4;
    internal const byte Rgba = 6;

    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A file, from samples that are already in PNG's order and packing.</summary>
    internal static byte[] Write(int width, int height, byte colourType, ReadOnlySpan<byte> samples, byte depth = 8, params (string Name, byte[] Content)[] chunks)
    {
        var rowBytes = samples.Length / height;
        var rows = new MemoryStream();
        using (var zlib = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(samples.Slice(y * rowBytes, rowBytes));
            }
        }

        return Assemble(width, height, colourType, depth, rows.ToArray(), chunks);
    }

    internal static byte[] Assemble(int width, int height, byte colourType, byte depth, byte[] compressed, params (string Name, byte[] Content)[] chunks)
    {
        var file = new MemoryStream();
        file.Write(Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colourType);
        Chunk(file, "IHDR", header);
        foreach (var (name, content) in chunks)
        {
            Chunk(file, name, content);
        }

        Chunk(file, "IDAT", compressed);
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string name, byte[] content)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(name), .. content];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
        file.Write(number);
    }
}
