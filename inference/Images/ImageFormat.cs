namespace Larder.Inference.Images;

/// <summary>Recognises the format of an image by the first bytes of the file. File names and media types are ignored, since clients get them wrong.</summary>
internal static class ImageFormat
{
    internal const string Jpeg = "JPEG";

    private const string Readable = "PNG, JPEG, WebP, GIF and TIFF can be read";

    /// <summary>The name of the format.</summary>
    /// <exception cref="InvalidInputException">It is not one that is decoded.</exception>
    internal static string Recognise(ReadOnlySpan<byte> file, string input)
    {
        if (file.IsEmpty)
        {
            throw new InvalidInputException($"{input} expects an image; got an empty file.");
        }

        return Look(file) switch
        {
            (true, { } name) => name,
            (false, { } name) => throw new InvalidInputException($"{input} expects an image; got {name}, which is not supported: {Readable}."),
            _ => throw new InvalidInputException($"{input} expects an image; got a file of another kind: {Readable}."),
        };
    }

    /// <summary>Whether the first bytes are those of a format that has a name here, decoded or not.</summary>
    internal static bool IsKnown(ReadOnlySpan<byte> file) => Look(file).Name is not null;

    /// <summary>Whether libvips opened the file as what it looked like; the Ultra HDR loader reads the JPEG inside.</summary>
    internal static bool IsReadBy(string format, string loader) => format switch
    {
        Jpeg => loader is "jpegload_buffer" or "uhdrload_buffer",
        _ => loader == $"{format.ToLowerInvariant()}load_buffer",
    };

    private static (bool Readable, string? Name) Look(ReadOnlySpan<byte> file) => file switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => (true, "PNG"),
        [0xFF, 0xD8, 0xFF, ..] => (true, Jpeg),
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => (true, "GIF"),
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => (true, "WebP"),
        // 42 is TIFF, 43 is BigTIFF, in either byte order.
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => (true, "TIFF"),
        [(byte)'B', (byte)'M', ..] => (false, "BMP"),
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => (false, "HEIF, AVIF or video"),
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => (false, "PDF"),
        _ when file[..Math.Min(file.Length, 1000)].IndexOf("<svg"u8) >= 0 => (false, "SVG"),
        _ => (false, null),
    };
}
