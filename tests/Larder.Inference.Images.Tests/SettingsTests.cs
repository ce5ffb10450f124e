using Larder.Inference.Images.Tests.Files;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;

namespace Larder.Inference.Images.Tests;

public sealed class SettingsTests
{
    public static TheoryData<ImageSettings, string> Wrong => new()
    {
        { new() { Scale = 0 }, "image.scale must be a number other than 0." },
        { new() { Scale = double.NaN }, "image.scale must be a number other than 0." },
        { new() { Mean = [] }, "image.mean must hold numbers: one, or one for each channel." },
        { new() { Mean = null! }, "image.mean must hold numbers: one, or one for each channel." },
        { new() { Mean = [1, double.PositiveInfinity, 3] }, "image.mean must hold numbers: one, or one for each channel." },
        { new() { Std = null! }, "image.std must hold numbers: one, or one for each channel." },
        { new() { Std = [1, 0, 1] }, "image.std must not hold 0, since pixel values are divided by it." },
        { new() { ChannelOrder = "GBR" }, "image.channel_order must be RGB or BGR; got GBR." },
        { new() { ChannelOrder = null! }, "image.channel_order must be RGB or BGR; got null." },
        { new() { Resize = "pad" }, "image.resize must be stretch or crop; got pad." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Settings_that_no_model_could_use_are_refused_with_a_sentence(ImageSettings settings, string sentence)
    {
        Assert.Equal(sentence, Assert.Throws<InvalidSettingsException>(settings.Validate).Message);
        Assert.Equal(sentence, Assert.Throws<InvalidSettingsException>(() => ImagePlan.For(Inputs.Of(Datatype.Fp32, 1, 3, 8, 8), settings)).Message);
    }

    public static TheoryData<ImageSettings, Datatype, int, string> Unfitting => new()
    {
        { new() { Mean = [1, 2] }, Datatype.Fp32, 3, "image.mean must hold one number or 3, one for each channel of the model's input; it holds 2." },
        { new() { Std = [1, 2, 3] }, Datatype.Fp32, 4, "image.std must hold one number or 4, one for each channel of the model's input; it holds 3." },
        { new() { Mean = [1, 2, 3] }, Datatype.Fp32, 1, "image.mean must hold one number, since the model's input is grey; it holds 3." },
        { new() { Scale = 1000 }, Datatype.Fp16, 1, "image.scale, image.mean and image.std together give 66000, which FP16 cannot hold." },
        { new() { Std = [1e-308] }, Datatype.UInt8, 1, "image.scale, image.mean and image.std together give Infinity, which UINT8 cannot hold." },
    };

    [Theory]
    [MemberData(nameof(Unfitting))]
    public void Settings_that_do_not_fit_the_model_are_refused_with_a_sentence(ImageSettings settings, Datatype datatype, int channels, string sentence)
    {
        settings.Validate();
        Assert.Equal(sentence, Assert.Throws<InvalidSettingsException>(() => ImagePlan.For(Inputs.Of(datatype, 1, channels, 8, 8), settings)).Message);
    }

    [Fact]
    public void The_defaults_are_valid() => Assert.Null(Record.Exception(new ImageSettings().Validate));
}
