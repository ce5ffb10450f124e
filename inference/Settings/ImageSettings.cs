using Larder.Inference.Images;
using Larder.Inference.Signatures;

namespace Larder.Inference.Settings;

/// <summary>
/// How an image becomes a tensor: after resizing, channel <c>c</c> of a pixel is <c>(raw * Scale - Mean[c]) / Std[c]</c>, raw being 0 to 255
/// and <c>c</c> counting in <see cref="ChannelOrder"/>.
/// Layout, size and number of channels come from the model's signature.
/// </summary>
public sealed record ImageSettings
{
    /// <summary>Factor for the raw value: 1 keeps 0-255, 1/255 gives 0-1.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Subtracted after scaling: one number, or one for each channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>Divided by last: one number, or one for each channel; none may be 0.</summary>
    public IReadOnlyList<double> Std { get; init; } = [1];

    /// <summary><c>RGB</c> or <c>BGR</c>; a fourth channel is alpha, last in both, and a single one is grey whatever this says.</summary>
    public string ChannelOrder { get; init; } = "RGB";

    /// <summary>
    /// <c>stretch</c> to the model's size, or <c>crop</c>: resize the shorter side, then cut the centre out.
    /// </summary>
    public string Resize { get; init; } = "stretch";

    /// <summary>Refuses what no model could use. What fits one model's channels is seen by <see cref="ImagePlan.For(ValueSignature, ImageSettings)"/>.</summary>
    /// <exception cref="InvalidSettingsException">A setting is missing, unknown, not finite, or would divide by 0.</exception>
    public void Validate()
    {
        Require(double.IsFinite(Scale) && Scale != 0, "image.scale must be a number other than 0.");
        Require(Mean is [_, ..] && Mean.All(double.IsFinite), "image.mean must hold numbers: one, or one for each channel.");
        Require(Std is [_, ..] && Std.All(double.IsFinite), "image.std must hold numbers: one, or one for each channel.");
        Require(!Std.Contains(0), "image.std must not hold 0, since pixel values are divided by it.");
        Require(ChannelOrder is "RGB" or "BGR", $"image.channel_order must be RGB or BGR; got {ChannelOrder ?? "null"}.");
        Require(Resize is "stretch" or "crop", $"image.resize must be stretch or crop; got {Resize ?? "null"}.");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidSettingsException(otherwise);
        }
    }
}
