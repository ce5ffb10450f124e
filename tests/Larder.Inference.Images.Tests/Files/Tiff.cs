using System.Buffers.Binary;

namespace Larder.Inference.Images.Tests.Files;

/// <summary>TIFF files of uncompressed grey pages, each one value all over.</summary>
internal static class Tiff
{
    private const int Entries = 8;
    private const int DirectoryBytes = 2 + (Entries * 12) + 4;

    internal static byte[] Pages(int width, int height, params byte[] values)
    {
        var pageBytes = DirectoryBytes + (width * height);
        var file = new byte[8 + (pageBytes * values.Length)];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 8);
        for (var page = 0; page < values.Length; page++)
        {
            var start = 8 + (page * pageBytes);
            var directory = file.AsSpan(start);
            BinaryPrimitives.WriteInt16LittleEndian(directory, Entries);
            (int Tag, int Value)[] entries =
            [
                (256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, start + DirectoryBytes), (278, height), (279, width * height),
            ];
            for (var i = 0; i < Entries; i++)
            {
                var entry = directory[(2 + (i * 12))..];
                BinaryPrimitives.WriteInt16LittleEndian(entry, (short)entries[i].Tag);
                BinaryPrimitives.WriteInt16LittleEndian(entry[2..], 4);
                BinaryPrimitives.WriteInt32LittleEndian(entry[4..], 1);
                BinaryPrimitives.WriteInt32LittleEndian(entry[8..], entries[i].Value);
            }

            var next = page + 1 < values.Length ? start + pageBytes : 0;
            BinaryPrimitives.WriteInt32LittleEndian(directory[(DirectoryBytes - 4)..], next);
            directory.Slice(DirectoryBytes, width * height).Fill(values[page]);
        }

        return file;
    }
}
