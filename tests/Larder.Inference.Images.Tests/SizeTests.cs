using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

public sealed class SizeTests
{
    /// <summary>Left third black, middle third grey, right third white.</summary>
    private static byte[] Thirds(int width, int height) =>
        [.. Enumerable.Range(0, width * height).Select(i => (byte)((i % width * 3 / width) switch { 0 => 0, 1 => 128, _ => 255 }))];

    [Theory]
    [InlineData(90, 30)]
    [InlineData(300, 90)]
    [InlineData(9, 6)]
    [InlineData(30, 30)]
    public void Stretch_brings_the_whole_image_to_the_models_size(int width, int height)
    {
        var file = Png.Write(width, height, Png.Grey, Thirds(width, height));
        var tensor = Inputs.Of(Datatype.UInt8, 1, 1, 30, 30).Decode<byte>(file, out var shape);
        Assert.Equal([1, 1, 30, 30], shape);
        foreach (var row in tensor.Chunk(30))
        {
            Assert.InRange(row[2], 0, 4);
            Assert.InRange(row[15], 124, 132);
            Assert.InRange(row[27], 251, 255);
        }
    }

    [Theory]
    [InlineData(90, 30)]
    [InlineData(300, 100)]
    [InlineData(9, 3)]
    [InlineData(97, 31)]
    public void Crop_keeps_the_centre_in_its_proportions(int width, int height)
    {
        var file = Png.Write(width, height, Png.Grey, Thirds(width, height));
        var tensor = Inputs.Of(Datatype.UInt8, 1, 1, 30, 30).Decode<byte>(file, out var shape, new ImageSettings { Resize = "crop" });
        Assert.Equal([1, 1, 30, 30], shape);
        foreach (var row in tensor.Chunk(30))
        {
            Assert.All(row[5..25], value => Assert.InRange(value, 118, 138));
        }
    }

    [Fact]
    public void Crop_works_on_upright_images_and_on_JPEG()
    {
        var grey = Encoded.As(".jpg[Q=95]", 900, 300, 1, Thirds(900, 300));
        var crop = new ImageSettings { Resize = "crop" };
        var input = Inputs.Of(Datatype.UInt8, 1, 1, 30, 40);
        var lying = input.Decode<byte>(grey, crop);
        Assert.All(lying, value => Assert.InRange(value, 0, 255));
        Assert.InRange(lying[(15 * 40) + 20], 126, 130);

        // Turned by 90 degrees the thirds lie above each other; the crop then takes the middle of them.
        var turned = Encoded.WithJpegSegment(grey, 0xE1, [.. "Exif\0\0"u8, .. Encoded.Orientation(6)]);
        Assert.All(input.Decode<byte>(turned, crop), value => Assert.InRange(value, 124, 132));
    }

    [Fact]
    public void An_image_of_the_models_size_is_not_changed()
    {
        var pixels = Encoded.Gradient(40, 30);
        var input = Inputs.Of(Datatype.UInt8, 1, 30, 40, 3);
        Assert.Equal(pixels, input.Decode<byte>(Png.Write(40, 30, Png.Rgb, pixels)));
        Assert.Equal(pixels, input.Decode<byte>(Png.Write(40, 30, Png.Rgb, pixels), new ImageSettings { Resize = "crop" }));
    }

    [Fact]
    public void A_variable_size_follows_the_image()
    {
        var file = Png.Write(31, 17, Png.Rgb, Encoded.Gradient(31, 17));
        Assert.Equal(Encoded.Gradient(31, 17), Inputs.Of(Datatype.UInt8, -1, -1, -1, 3).Decode<byte>(file, out var shape));
        Assert.Equal([1, 17, 31, 3], shape);
    }

    [Theory]
    [InlineData(32, -1, "1,3,32,100")]
    [InlineData(-1, 50, "1,3,16,50")]
    [InlineData(-1, 2, "1,3,1,2")]
    public void One_variable_side_keeps_the_proportions(long height, long width, string expected)
    {
        var file = Png.Write(200, 64, Png.Rgb, Encoded.Gradient(200, 64));
        Inputs.Of(Datatype.UInt8, -1, 3, height, width).Decode<byte>(file, out var shape);
        Assert.Equal(expected, string.Join(',', shape));
    }

    [Fact]
    public void A_large_JPEG_shrinks_to_what_a_large_PNG_shrinks_to()
    {
        var pixels = Encoded.Gradient(1600, 1200);
        var input = Inputs.Of(Datatype.UInt8, 1, 3, 28, 50);
        var jpeg = input.Decode<byte>(Encoded.As(".jpg[Q=95]", 1600, 1200, 3, pixels));
        var png = input.Decode<byte>(Png.Write(1600, 1200, Png.Rgb, pixels));
        Assert.All(jpeg.Zip(png), pair => Assert.InRange(pair.First - pair.Second, -4, 4));
        // Pixel (0, 14) is the mean of 32 columns at the left, and of the middle rows.
        Assert.InRange(png[14 * 50], 1, 4);
        Assert.InRange(png[(28 * 50) + (14 * 50)], 125, 135);
    }

    [Fact]
    public void One_image_is_large_to_one_side_and_small_to_the_other()
    {
        var file = Png.Write(2000, 3, Png.Grey, Thirds(2000, 3));
        var tensor = Inputs.Of(Datatype.UInt8, 1, 1, 30, 30).Decode<byte>(file);
        Assert.InRange(tensor[2], 0, 4);
        Assert.InRange(tensor[(29 * 30) + 27], 251, 255);
    }
}
