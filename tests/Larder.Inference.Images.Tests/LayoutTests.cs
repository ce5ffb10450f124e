using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

public sealed class LayoutTests
{
    // 5 wide, 2 high: the red of pixel (x, y) is 10 * y + x, green adds 50, blue adds 100.
    private static readonly byte[] Pixels =
        [.. from y in Enumerable.Range(0, 2) from x in Enumerable.Range(0, 5) from c in Enumerable.Range(0, 3) select (byte)((10 * y) + x + (50 * c))];

    private static readonly byte[] Image = Png.Write(5, 2, Png.Rgb, Pixels);

    private static byte[] Plane(int channel) => [.. Enumerable.Range(0, 10).Select(i => Pixels[(i * 3) + channel])];

    [Theory]
    [InlineData("-1,3,2,5")]
    [InlineData("1,3,2,5")]
    [InlineData("-1,3,-1,-1")]
    public void Channels_first_puts_one_plane_behind_the_other(string shape)
    {
        var tensor = Inputs.Of(Datatype.UInt8, shape).Decode<byte>(Image, out var got);
        Assert.Equal([1, 3, 2, 5], got);
        Assert.Equal([.. Plane(0), .. Plane(1), .. Plane(2)], tensor);
    }

    [Theory]
    [InlineData("-1,2,5,3")]
    [InlineData("1,-1,-1,3")]
    public void Channels_last_puts_the_channels_of_a_pixel_side_by_side(string shape)
    {
        var tensor = Inputs.Of(Datatype.UInt8, shape).Decode<byte>(Image, out var got);
        Assert.Equal([1, 2, 5, 3], got);
        Assert.Equal(Pixels, tensor);
    }

    [Fact]
    public void Three_dimensions_are_an_image_without_a_batch()
    {
        Assert.Equal([.. Plane(0), .. Plane(1), .. Plane(2)], Inputs.Of(Datatype.UInt8, 3, 2, 5).Decode<byte>(Image, out var first));
        Assert.Equal([3, 2, 5], first);
        Assert.Equal(Pixels, Inputs.Of(Datatype.UInt8, 2, 5, 3).Decode<byte>(Image, out var last));
        Assert.Equal([2, 5, 3], last);
    }

    [Theory]
    [InlineData("2,5", "2,5")]
    [InlineData("1,2,5", "1,2,5")]
    [InlineData("1,2,5", "-1,2,5")]
    [InlineData("1,2,5", "-1,-1,5")]
    [InlineData("2,5,1", "2,5,1")]
    [InlineData("1,1,2,5", "-1,1,2,5")]
    [InlineData("1,2,5,1", "-1,2,5,1")]
    [InlineData("1,2,5,1", "-1,-1,-1,1")]
    public void One_channel_is_grey_whatever_the_number_of_dimensions(string expected, string shape)
    {
        byte[] grey = [0, 20, 40, 60, 80, 100, 120, 140, 160, 255];
        var tensor = Inputs.Of(Datatype.UInt8, shape).Decode<byte>(Png.Write(5, 2, Png.Grey, grey), out var got);
        Assert.Equal(expected, string.Join(',', got));
        Assert.Equal(grey, tensor);
    }

    [Fact]
    public void Colour_becomes_grey_by_its_brightness_as_training_libraries_weigh_it()
    {
        byte[] pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 200, 100, 50, 77, 77, 77];
        var grey = Inputs.Of(Datatype.UInt8, 2, 3).Decode<byte>(Png.Write(3, 2, Png.Rgb, pixels));
        // round(0.299 R + 0.587 G + 0.114 B)
        Assert.Equal([76, 150, 29, 255, 124, 77], grey);
    }

    [Fact]
    public void A_grey_image_fills_all_colour_channels()
    {
        byte[] grey = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        var tensor = Inputs.Of(Datatype.UInt8, 1, 3, 2, 5).Decode<byte>(Png.Write(5, 2, Png.Grey, grey));
        Assert.Equal([.. grey, .. grey, .. grey], tensor);
    }

    [Fact]
    public void BGR_turns_the_colour_channels_round_and_leaves_alpha_last()
    {
        var bgr = new ImageSettings { ChannelOrder = "BGR" };
        Assert.Equal([.. Plane(2), .. Plane(1), .. Plane(0)], Inputs.Of(Datatype.UInt8, 1, 3, 2, 5).Decode<byte>(Image, bgr));

        var rgba = Png.Write(2, 2, Png.Rgba, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        Assert.Equal([3, 2, 1, 4, 7, 6, 5, 8, 11, 10, 9, 12, 15, 14, 13, 16], Inputs.Of(Datatype.UInt8, 1, 2, 2, 4).Decode<byte>(rgba, bgr));
    }

    [Fact]
    public void Four_channels_get_the_alpha_of_the_image_or_255_where_it_has_none()
    {
        var input = Inputs.Of(Datatype.UInt8, 2, 2, 4);
        Assert.Equal([7, 7, 7, 20, 8, 8, 8, 30, 9, 9, 9, 40, 6, 6, 6, 50], input.Decode<byte>(Png.Write(2, 2, Png.GreyAlpha, [7, 20, 8, 30, 9, 40, 6, 50])));
        Assert.Equal([7, 7, 7, 255, 8, 8, 8, 255, 9, 9, 9, 255, 6, 6, 6, 255], input.Decode<byte>(Png.Write(2, 2, Png.Grey, [7, 8, 9, 6])));
    }

    [Theory]
    [InlineData("-1,4")] // rows of a table
    [InlineData("1,30")]
    [InlineData("-1,64")]
    [InlineData("-1,-1")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("-1,-1,-1")] // any of [N,H,W] and [H,W,C]
    [InlineData("2,2,2")]
    [InlineData("-1,-1,-1,-1")]
    [InlineData("-1,2,224,224")]
    [InlineData("-1,16,3,224,224")] // video
    [InlineData("8,3,224,224")] // a fixed batch
    [InlineData("1,1,1,784")] // a row is not an image
    [InlineData("3,0,0")]
    public void An_input_that_is_no_image_is_refused_with_its_shape_and_what_is_needed(string shape)
    {
        var input = Inputs.Of(Datatype.Fp32, shape);
        var message = Assert.Throws<InvalidInputException>(() => ImagePlan.For(input, new ImageSettings())).Message;
        Assert.StartsWith($"pixels is FP32 [{shape}] and takes no image: an image input is [N,C,H,W], ", message);
        Assert.False(ImagePlan.Accepts(new ModelSignature([input], [])));
    }

    [Theory]
    [InlineData("1,3,28,3")]
    [InlineData("-1,1,28,1")]
    [InlineData("3,28,4")]
    public void An_input_whose_channels_could_be_first_or_last_is_refused(string shape)
    {
        var message = Assert.Throws<InvalidInputException>(() => ImagePlan.For(Inputs.Of(Datatype.Fp32, shape), new ImageSettings())).Message;
        Assert.StartsWith($"pixels is FP32 [{shape}], in which channels could come first or last; ", message);
    }

    [Theory]
    [InlineData(Datatype.Bool)]
    [InlineData(Datatype.Bytes)]
    public void An_input_that_is_not_of_numbers_is_refused(Datatype datatype)
    {
        var message = Assert.Throws<InvalidInputException>(() => ImagePlan.For(Inputs.Of(datatype, 1, 3, 8, 8), new ImageSettings())).Message;
        Assert.Equal($"pixels is {datatype.Name()} [1,3,8,8] and takes no image, which is a tensor of numbers.", message);
    }

    [Fact]
    public void A_model_with_several_inputs_takes_no_image()
    {
        var input = Inputs.Of(Datatype.Fp32, 1, 3, 8, 8);
        var two = new ModelSignature([input, input with { Name = "mask" }], []);
        Assert.False(ImagePlan.Accepts(two));
        Assert.True(ImagePlan.Accepts(new ModelSignature([input], [])));
        var message = Assert.Throws<InvalidInputException>(() => ImagePlan.For(two, new ImageSettings())).Message;
        Assert.Equal("An image can be sent to a model with one input; this one has 2 (pixels, mask).", message);
    }
}
