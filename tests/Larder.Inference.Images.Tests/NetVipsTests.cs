using NetVips;

namespace Larder.Inference.Images.Tests;

/// <summary>The stand-in, as far as decoding images does not show it.</summary>
[Collection(nameof(Alone))]
public sealed class NetVipsTests
{
    private static Image Square() => Image.NewFromMemoryCopy<byte>(Encoded.Gradient(4, 4), 4, 4, 3, Enums.BandFormat.Uchar);

    [Fact]
    public void An_image_knows_its_header()
    {
        using var image = Square();
        Assert.Equal((4, 4, 3), (image.Width, image.Height, image.Bands));
        Assert.Equal((Enums.BandFormat.Uchar, Enums.Interpretation.Srgb), (image.Format, image.Interpretation));
        Assert.False(image.HasAlpha());
        Assert.False(image.Contains("icc-profile-data"));
        using var file = Image.NewFromBuffer(image.WriteToBuffer(".png"));
        Assert.Equal("pngload_buffer", file.Get("vips-loader"));
        Assert.Equal(8, file.Get("bits-per-sample"));
    }

    [Fact]
    public void An_error_carries_libvips_own_text_and_takes_it_out_of_the_buffer()
    {
        using var image = Square();
        global::NetVips.Libvips.ClearErrors();
        var first = Assert.Throws<VipsException>(() => image.Get("no-such-field")).Message;
        Assert.StartsWith("unable to get no-such-field\nvips_image_get: ", first);
        Assert.Equal("once more", new VipsException("once more").Message);
    }

    [Fact]
    public void A_failed_operation_is_an_error_that_names_it()
    {
        using var image = Square();
        var message = Assert.Throws<VipsException>(() => image.WriteToBuffer(".png[no-such-option=1]")).Message;
        Assert.StartsWith("unable to call VipsForeignSavePng", message);
        Assert.StartsWith("unable to write to buffer", Assert.Throws<VipsException>(() => image.WriteToBuffer(".bmp")).Message);
        Assert.StartsWith("unable to load from buffer", Assert.Throws<VipsException>(() => Image.NewFromBuffer("no image"u8)).Message);
        Assert.StartsWith("unable to make image", Assert.Throws<VipsException>(() => Image.NewFromMemoryCopy<byte>([1, 2], 4, 4, 3, Enums.BandFormat.Uchar)).Message);
    }

    [Fact]
    public void Options_can_be_given_by_name()
    {
        using var image = Square();
        var small = image.WriteToBuffer(".jpg", new VOption { { "Q", 5 }, { "interlace", true } });
        using var read = Image.NewFromBuffer(small, kwargs: new VOption { { "shrink", 2 } });
        Assert.Equal((2, 2), (read.Width, read.Height));
        Assert.Throws<VipsException>(() => image.WriteToBuffer(".jpg", new VOption { { "colour", 5 } }));
    }

    [Fact]
    public void A_disposed_image_is_not_handed_to_libvips()
    {
        var image = Square();
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.Width);
        Assert.Throws<ObjectDisposedException>(() => image.Flatten());
    }

    [Fact]
    public void The_process_is_set_up_for_a_server_once_an_image_was_decoded()
    {
        Inputs.Of(Datatype.UInt8, 2, 2).Decode<byte>(Png.Write(2, 2, Png.Grey, [1, 2, 3, 4]));
        Assert.Equal(1, NetVips.NetVips.Concurrency);
        Assert.Equal(0, Cache.Max);
        // A loader that libvips does not trust.
        Assert.Throws<VipsException>(() => Image.NewFromBuffer("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"u8));
    }

    [Fact]
    public void A_value_that_an_argument_cannot_take_is_refused()
    {
        using var image = Square();
        using var operation = new Operation("flatten");
        Assert.Throws<ArgumentException>(() => operation.With("background", "white"));
        Assert.Throws<VipsException>(() => operation.With("no_such_argument", 1));
        Assert.Throws<VipsException>(() => new Operation("no_such_operation"));
    }
}
