using System.IO.Compression;
using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

public sealed class LimitTests
{
    private static readonly ValueSignature Input = Inputs.Of(Datatype.Fp32, -1, 3, 224, 224);

    [Fact]
    public void A_decompression_bomb_is_refused_by_its_header()
    {
        var zeros = new MemoryStream();
        using (var zlib = new ZLibStream(zeros, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (30_000 / 8)];
            for (var y = 0; y < 30_000; y++)
            {
                zlib.Write(row);
            }
        }

        var bomb = Png.Assemble(30_000, 30_000, Png.Grey, 1, zeros.ToArray());
        Assert.InRange(bomb.Length, 1, new ImageLimits().MaxBytes / 10);
        Assert.Equal("pixels takes an image of at most 50,000,000 pixels; got 30000 x 30000.", Input.Refusal(bomb));
    }

    [Fact]
    public void Pixels_are_counted_before_one_is_decoded()
    {
        // Nothing could be decoded here: a look at the pixels would be reported as damage.
        var hollow = Png.Assemble(1000, 1000, Png.Rgb, 8, [1, 2, 3]);
        Assert.Equal("pixels takes an image of at most 999,999 pixels; got 1000 x 1000.", Input.Refusal(hollow, new ImageLimits { MaxPixels = 999_999 }));
        Assert.Contains("damaged", Input.Refusal(hollow, new ImageLimits { MaxPixels = 1_000_000 }));
    }

    [Fact]
    public void Bytes_are_counted_before_they_are_looked_at()
    {
        var file = Png.Write(8, 8, Png.Grey, new byte[64]);
        var exactly = new ImageLimits { MaxBytes = file.Length };
        Assert.Equal(224 * 224 * 3, Input.Decode<float>(file, limits: exactly).Length);
        Assert.Equal(
            $"pixels takes an image of at most {file.Length:N0} bytes; got {file.Length + 1:N0}.",
            Input.Refusal([.. file, 0], exactly));
        Assert.Equal("pixels takes an image of at most 20,971,520 bytes; got 20,971,521.", Input.Refusal(new byte[20_971_521]));
    }

    [Fact]
    public void A_huge_GIF_is_refused()
    {
        // The decoder does not believe a canvas that is huge alone: the frame must be so too.
        var gif = Gif.Animate(2, 2, (1, 2, 3));
        byte[] size = [0x60, 0xEA, 0x60, 0xEA];
        size.CopyTo(gif, 6);
        size.CopyTo(gif, gif.AsSpan().IndexOf((byte)0x2C) + 5);
        Assert.Equal("pixels takes an image of at most 50,000,000 pixels; got 60000 x 60000.", Input.Refusal(gif));
    }

    [Fact]
    public void A_huge_TIFF_page_is_refused()
    {
        var tiff = Tiff.Pages(2, 2, 1);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(8 + 2 + 8), 40_000);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(8 + 2 + 12 + 8), 40_000);
        Assert.Equal("pixels takes an image of at most 50,000,000 pixels; got 40000 x 40000.", Input.Refusal(tiff));
    }

    [Fact]
    public void Frames_that_are_not_decoded_do_not_count()
    {
        var gif = Gif.Animate(100, 100, [.. Enumerable.Repeat<(byte, byte, byte)>((9, 9, 9), 120)]);
        Assert.Equal(224 * 224 * 3, Input.Decode<float>(gif, limits: new ImageLimits { MaxPixels = 10_000 }).Length);
    }

    [Fact]
    public void A_thin_image_must_not_become_a_huge_tensor()
    {
        // 20,000 x 2 becomes 10,000 times as wide as the model is high.
        var thin = Png.Write(20_000, 2, Png.Grey, new byte[40_000]);
        Assert.Equal(
            "pixels takes an image that becomes at most 50,000,000 pixels; got 2240000 x 224.",
            Inputs.Of(Datatype.Fp32, -1, 3, 224, -1).Refusal(thin));
    }

    [Fact]
    public void A_higher_limit_ends_where_one_block_of_memory_does()
    {
        var hollow = Png.Assemble(10_000, 10_000, Png.Rgb, 8, [1, 2, 3]);
        Assert.Equal(
            "pixels takes an image of at most 67,108,863 pixels; got 10000 x 10000.",
            Input.Refusal(hollow, new ImageLimits { MaxPixels = long.MaxValue }));
    }
}
