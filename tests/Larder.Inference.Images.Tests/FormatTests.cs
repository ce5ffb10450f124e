using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Signatures;
using NetVips;

namespace Larder.Inference.Images.Tests;

public sealed class FormatTests
{
    private static readonly ValueSignature AnySize = Inputs.Of(Datatype.UInt8, 1, -1, -1, 3);

    private static void AssertNear(IEnumerable<int> expected, IEnumerable<byte> actual, int tolerance) =>
        Assert.All(expected.Zip(actual, (e, a) => (e, a)), pair => Assert.InRange(pair.a, pair.e - tolerance, pair.e + tolerance));

    [Theory]
    [InlineData(".png")]
    [InlineData(".png[interlace]")]
    [InlineData(".webp[lossless]")]
    [InlineData(".tif")]
    [InlineData(".tif[compression=lzw]")]
    [InlineData(".tif[compression=deflate,tile]")]
    public void A_lossless_format_gives_the_very_pixels(string suffix)
    {
        var pixels = Encoded.Gradient(33, 21);
        Assert.Equal(pixels, AnySize.Decode<byte>(Encoded.As(suffix, 33, 21, 3, pixels)));
    }

    [Theory]
    [InlineData(".jpg[Q=95]")]
    [InlineData(".jpg[Q=95,interlace]")]
    [InlineData(".webp[Q=95]")]
    public void A_lossy_format_gives_nearly_the_pixels(string suffix)
    {
        var pixels = Encoded.Gradient(64, 48);
        var decoded = AnySize.Decode<byte>(Encoded.As(suffix, 64, 48, 3, pixels), out var shape);
        Assert.Equal([1, 48, 64, 3], shape);
        AssertNear(pixels.Select(v => (int)v), decoded, 12);
    }

    [Fact]
    public void A_palette_becomes_its_colours()
    {
        var png = Png.Write(2, 2, Png.Palette, [0, 1, 2, 1], 8, ("PLTE", [255, 0, 0, 0, 255, 0, 1, 2, 3]));
        Assert.Equal([255, 0, 0, 0, 255, 0, 1, 2, 3, 0, 255, 0], AnySize.Decode<byte>(png));
    }

    [Fact]
    public void One_bit_becomes_black_and_white()
    {
        var png = Png.Write(8, 2, Png.Grey, [0b10100000, 0b00000001], depth: 1);
        Assert.Equal([255, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255], Inputs.Of(Datatype.UInt8, 2, 8).Decode<byte>(png));
    }

    [Fact]
    public void Sixteen_bits_become_the_upper_eight()
    {
        var png = Png.Write(2, 2, Png.Rgb, [.. Enumerable.Range(0, 12).SelectMany(i => new byte[] { (byte)(i * 20), 0x12 })], depth: 16);
        Assert.Equal([.. Enumerable.Range(0, 12).Select(i => (byte)(i * 20))], AnySize.Decode<byte>(png));

        var grey = Png.Write(2, 2, Png.Grey, [10, 0, 20, 0, 30, 0, 255, 255], depth: 16);
        Assert.Equal([10, 20, 30, 255], Inputs.Of(Datatype.UInt8, 2, 2).Decode<byte>(grey));
    }

    [Fact]
    public void Transparency_shows_white()
    {
        // Opaque, clear, half over black, half over a colour.
        var rgba = Png.Write(2, 2, Png.Rgba, [10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128, 100, 200, 50, 128]);
        var colour = AnySize.Decode<byte>(rgba);
        AssertNear([10, 20, 30, 255, 255, 255, 127, 127, 127, 177, 227, 152], colour, 1);

        var greyAlpha = Png.Write(2, 2, Png.GreyAlpha, [10, 255, 10, 0, 0, 128, 200, 255]);
        AssertNear([10, 255, 127, 200], Inputs.Of(Datatype.UInt8, 2, 2).Decode<byte>(greyAlpha), 1);

        var deep = Png.Write(2, 2, Png.Rgba, [.. Enumerable.Repeat<byte[]>([0x20, 0, 0x40, 0, 0x60, 0, 0, 0], 4).SelectMany(p => p)], depth: 16);
        Assert.All(AnySize.Decode<byte>(deep), value => Assert.Equal(255, value));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(8, 5)]
    [InlineData(5, 16)]
    public void Hidden_colours_do_not_bleed_when_an_image_with_alpha_is_resized(int width, int height)
    {
        // White strokes over fully transparent black: nothing but white is visible.
        var pixels = Enumerable.Range(0, 64).SelectMany(i => i % 2 == 0 ? new byte[] { 255, 255, 255, 255 } : [0, 0, 0, 0]).ToArray();
        var png = Png.Write(8, 8, Png.Rgba, pixels);
        Assert.All(Inputs.Of(Datatype.UInt8, 1, height, width, 3).Decode<byte>(png), value => Assert.Equal(255, value));
    }

    [Fact]
    public void Of_an_animation_the_first_frame_is_taken()
    {
        var gif = Gif.Animate(20, 10, (200, 100, 50), (0, 0, 255), (0, 255, 0));
        var pixels = AnySize.Decode<byte>(gif, out var shape);
        Assert.Equal([1, 10, 20, 3], shape);
        Assert.All(pixels.Chunk(3), pixel => Assert.Equal([200, 100, 50], pixel));

        using var frames = Image.GifloadBuffer(gif, n: -1);
        Assert.Equal(pixels, AnySize.Decode<byte>(frames.WriteToBuffer(".webp[lossless]")));
    }

    [Fact]
    public void Of_several_pages_the_first_is_taken()
    {
        var pages = Inputs.Of(Datatype.UInt8, -1, -1, 20).Decode<byte>(Tiff.Pages(20, 10, 77, 1, 2), out var shape);
        Assert.Equal([1, 10, 20], shape);
        Assert.All(pages, value => Assert.Equal(77, value));
    }

    [Fact]
    public void Printing_colours_become_screen_colours()
    {
        using var rgb = Image.NewFromMemoryCopy<byte>([.. Enumerable.Repeat<byte[]>([200, 60, 40], 64).SelectMany(p => p)], 8, 8, 3, Enums.BandFormat.Uchar);
        using var cmyk = rgb.Colourspace(Enums.Interpretation.Cmyk);
        foreach (var suffix in new[] { ".jpg[Q=95]", ".tif" })
        {
            var file = cmyk.WriteToBuffer(suffix);
            using (var read = Image.NewFromBuffer(file))
            {
                Assert.Equal(Enums.Interpretation.Cmyk, read.Interpretation);
            }

            var pixels = AnySize.Decode<byte>(file, out var shape);
            Assert.Equal([1, 8, 8, 3], shape);
            AssertNear([200, 60, 40], pixels, 12);
        }
    }

    [Theory]
    [InlineData(".png")]
    [InlineData(".jpg[Q=100,subsample_mode=off]")]
    [InlineData(".tif")]
    public void A_colour_profile_is_followed_to_sRGB(string suffix)
    {
        using var srgb = Image.NewFromMemoryCopy<byte>([.. Enumerable.Repeat<byte[]>([200, 60, 40], 256).SelectMany(p => p)], 16, 16, 3, Enums.BandFormat.Uchar);
        using var p3 = srgb.IccTransform("p3", inputProfile: "srgb");
        var file = p3.WriteToBuffer(suffix);

        using (var read = Image.NewFromBuffer(file))
        {
            Assert.True(read.Contains("icc-profile-data"));
            var stored = read.WriteToMemory(out _);
            // The numbers in the file are other ones.
            Assert.InRange(System.Runtime.InteropServices.Marshal.ReadByte(stored), 170, 192);
            NetVips.NetVips.Free(stored);
        }

        AssertNear([200, 60, 40], AnySize.Decode<byte>(file), 3);
        AssertNear([200, 60, 40], Inputs.Of(Datatype.UInt8, 1, 8, 8, 3).Decode<byte>(file), 3);
    }

    [Fact]
    public void A_broken_colour_profile_is_ignored()
    {
        var jpeg = Encoded.As(".jpg[Q=95]", 16, 16, 3, [.. Enumerable.Repeat<byte[]>([200, 60, 40], 256).SelectMany(p => p)]);
        var broken = Encoded.WithJpegSegment(jpeg, 0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, .. new byte[200]]);
        AssertNear([200, 60, 40], AnySize.Decode<byte>(broken), 6);

        using var grey = Image.NewFromMemoryCopy<byte>([.. Enumerable.Repeat((byte)90, 256)], 16, 16, 1, Enums.BandFormat.Uchar);
        var colourProfileOnGrey = Encoded.WithJpegSegment(grey.WriteToBuffer(".jpg"), 0xE2, [.. "ICC_PROFILE\0"u8, 1, 1, .. SrgbProfile()]);
        AssertNear([90, 90, 90], AnySize.Decode<byte>(colourProfileOnGrey), 2);
    }

    private static byte[] SrgbProfile()
    {
        using var image = Image.NewFromMemoryCopy<byte>(new byte[12], 2, 2, 3, Enums.BandFormat.Uchar);
        using var tagged = image.IccTransform("srgb", inputProfile: "srgb");
        return (byte[])tagged.Get("icc-profile-data");
    }

    // Corners clockwise from the upper left of what is stored: red, green, white, blue.
    [Theory]
    [InlineData(1, "RGWB")]
    [InlineData(2, "GRBW")]
    [InlineData(3, "WBRG")]
    [InlineData(4, "BWGR")]
    [InlineData(5, "RBWG")]
    [InlineData(6, "BRGW")]
    [InlineData(7, "WGRB")]
    [InlineData(8, "GWBR")]
    public void A_photograph_is_turned_upright(byte orientation, string corners)
    {
        var pixels = Enumerable.Range(0, 32 * 16).SelectMany(i => (i % 32 < 16, i / 32 < 8) switch
        {
            (true, true) => new byte[] { 255, 0, 0 },
            (false, true) => [0, 255, 0],
            (true, false) => [0, 0, 255],
            (false, false) => [255, 255, 255],
        }).ToArray();
        var exif = Encoded.Orientation(orientation);
        byte[][] files =
        [
            Encoded.WithJpegSegment(Encoded.As(".jpg[Q=95,subsample_mode=off]", 32, 16, 3, pixels), 0xE1, [.. "Exif\0\0"u8, .. exif]),
            Png.Write(32, 16, Png.Rgb, pixels, 8, ("eXIf", exif)),
            Png.Write(32, 16, Png.Rgba, [.. pixels.Chunk(3).SelectMany(p => (byte[])[.. p, 255])], 8, ("eXIf", exif)),
        ];
        foreach (var file in files)
        {
            var own = AnySize.Decode<byte>(file, out var shape);
            Assert.Equal(orientation < 5 ? [1, 16, 32, 3] : [1, 32, 16, 3], shape);
            Assert.Equal(corners, Corners(own, (int)shape[2], (int)shape[1]));
            Assert.Equal(corners, Corners(Inputs.Of(Datatype.UInt8, 1, 12, 20, 3).Decode<byte>(file), 20, 12));
            Assert.Equal(corners, Corners(Inputs.Of(Datatype.UInt8, 1, 20, 12, 3).Decode<byte>(file), 12, 20));
        }
    }

    private static string Corners(byte[] pixels, int width, int height)
    {
        return new([At(1, 1), At(width - 2, 1), At(width - 2, height - 2), At(1, height - 2)]);

        char At(int x, int y) => pixels.AsSpan(((y * width) + x) * 3, 3) switch
        {
            [> 230, < 25, < 25] => 'R',
            [< 25, > 230, < 25] => 'G',
            [< 25, < 25, > 230] => 'B',
            [> 230, > 230, > 230] => 'W',
            _ => '?',
        };
    }

    [Fact]
    public void An_Ultra_HDR_photograph_gives_its_ordinary_picture_upright()
    {
        var pixels = Encoded.Gradient(64, 32);
        using var srgb = Image.NewFromMemoryCopy<byte>(pixels, 64, 32, 3, Enums.BandFormat.Uchar);
        using var light = srgb.Colourspace(Enums.Interpretation.Scrgb);
        var file = Encoded.WithJpegSegment(light.UhdrsaveBuffer(), 0xE1, [.. "Exif\0\0"u8, .. Encoded.Orientation(6)]);
        using (var read = Image.NewFromBuffer(file))
        {
            Assert.Equal("uhdrload_buffer", read.Get("vips-loader"));
        }

        var upright = AnySize.Decode<byte>(file, out var shape);
        Assert.Equal([1, 64, 32, 3], shape);
        // Red grew to the right in what was stored: it grows downwards now.
        Assert.True(upright[(60 * 32 * 3) + 48] > upright[(3 * 32 * 3) + 48] + 100);
    }
}
