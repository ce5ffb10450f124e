namespace Larder.Inference;

/// <summary>
/// How an image becomes a tensor: after resizing, channel <c>c</c> of a pixel is <c>(raw * Scale - Mean[c]) / Std[c]</c>, raw being 0 to 255.
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

    /// <summary><c>RGB</c> or <c>BGR</c>.</summary>
    public string ChannelOrder { get; init; } = "RGB";

    /// <summary>
    /// <c>stretch</c> to the model's size, or <c>crop</c>: resize the shorter side, then cut the centre out.
    /// </summary>
    public string Resize { get; init; } = "stretch";
}
