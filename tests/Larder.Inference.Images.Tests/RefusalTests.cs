using System.Text;
using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

public sealed class RefusalTests
{
    private static readonly ValueSignature Input = Inputs.Of(Datatype.Fp32, -1, 3, 32, 32);

    public static TheoryData<string, byte[], string> Others => new()
    {
        { "bmp", [(byte)'B', (byte)'M', 58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, .. new byte[30]], "BMP" },
        { "svg", Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>"), "SVG" },
        { "pdf", Encoding.UTF8.GetBytes("%PDF-1.7\n1 0 obj"), "PDF" },
        { "avif", [0, 0, 0, 28, .. Encoding.UTF8.GetBytes("ftypavif"), .. new byte[40]], "HEIF, AVIF or video" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_format_that_is_not_decoded_is_named(string what, byte[] file, string name)
    {
        Assert.NotEmpty(what);
        Assert.Equal($"pixels expects an image; got {name}, which is not supported: PNG, JPEG, WebP, GIF and TIFF can be read.", Input.Refusal(file));
    }

    [Theory]
    [InlineData("hello, I am a picture")]
    [InlineData("{\"values\": [1, 2, 3]}")]
    [InlineData("P6 1 1 255\nabc")]
    [InlineData("\u0089PNG\r\n")]
    [InlineData("G")]
    public void A_file_that_is_no_image_is_refused(string text) =>
        Assert.Equal(
            "pixels expects an image; got a file of another kind: PNG, JPEG, WebP, GIF and TIFF can be read.",
            Input.Refusal(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void An_empty_file_is_refused() => Assert.Equal("pixels expects an image; got an empty file.", Input.Refusal([]));

    [Fact]
    public void A_first_few_bytes_are_not_an_image()
    {
        foreach (var (file, format) in Samples())
        {
            Assert.Equal(Damaged(format), Input.Refusal(file[..12]));
        }
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_was_cut()
    {
        foreach (var (file, format) in Samples())
        {
            // The last bytes of some formats only say that the image is over.
            for (var length = 12; length < file.Length - 12; length += Math.Max(1, file.Length / 60))
            {
                Assert.Equal(Damaged(format), Input.Refusal(file[..length]));
            }
        }
    }

    [Fact]
    public void A_PNG_with_a_wrong_checksum_is_refused()
    {
        var png = Png.Write(8, 8, Png.Grey, new byte[64]);
        png[^17] ^= 1; // in the compressed rows
        Assert.Equal(Damaged("PNG"), Input.Refusal(png));
    }

    [Fact]
    public void Whatever_bytes_come_the_answer_is_an_image_or_a_sentence()
    {
        var random = new Random(1);
        var plan = ImagePlan.For(Inputs.Of(Datatype.UInt8, -1, 3, -1, -1), new());
        var limits = new ImageLimits { MaxPixels = 200_000 };
        var (read, refused) = (0, 0);
        foreach (var (file, _) in Samples())
        {
            for (var round = 0; round < 250; round++)
            {
                var mutated = (byte[])file.Clone();
                for (var i = random.Next(1, 6); i > 0; i--)
                {
                    // More often in the header, where structure is.
                    var at = random.Next(2) == 0 ? random.Next(Math.Min(64, file.Length)) : random.Next(file.Length);
                    mutated[at] = (byte)random.Next(256);
                }

                try
                {
                    using var image = plan.Decode(mutated, limits);
                    image.WriteTo(new byte[image.ByteLength]);
                    read++;
                }
                catch (InvalidInputException e)
                {
                    Assert.StartsWith("pixels ", e.Message);
                    Assert.DoesNotContain("vips", e.Message, StringComparison.OrdinalIgnoreCase);
                    refused++;
                }
            }
        }

        Assert.True(read > 50 && refused > 50, $"{read} read, {refused} refused");
    }

    private static string Damaged(string format) =>
        $"pixels expects an image; the {format} file that came is damaged, incomplete or in colours that cannot become RGB.";

    private static IEnumerable<(byte[] File, string Format)> Samples()
    {
        var pixels = Encoded.Gradient(64, 48);
        yield return (Png.Write(64, 48, Png.Rgb, pixels), "PNG");
        yield return (Encoded.As(".png[interlace]", 64, 48, 3, pixels), "PNG");
        yield return (Encoded.As(".jpg", 64, 48, 3, pixels), "JPEG");
        yield return (Encoded.As(".jpg[interlace]", 64, 48, 3, pixels), "JPEG");
        yield return (Encoded.As(".webp", 64, 48, 3, pixels), "WebP");
        yield return (Encoded.As(".webp[lossless]", 64, 48, 3, pixels), "WebP");
        yield return (Gif.Animate(64, 48, (1, 2, 3)), "GIF");
        yield return (Encoded.As(".gif", 64, 48, 3, pixels), "GIF");
        yield return (Encoded.As(".tif", 64, 48, 3, pixels), "TIFF");
        yield return (Encoded.As(".tif[compression=lzw]", 64, 48, 3, pixels), "TIFF");
    }
}
