using Larder.Inference.Limits;

namespace Larder.Inference.Images;

/// <summary>Limits of one image. Both are checked before a pixel is decoded.</summary>
public sealed record ImageLimits
{
    /// <summary>Most bytes of an encoded image, which is held in one array.</summary>
    [Between(1, 2_147_483_590)]
    public long MaxBytes { get; init; } = 20 * 1024 * 1024;

    /// <summary>
    /// Most pixels of an image, as its header says, and as a model of variable size is given it: decoding can take 4 bytes for each.
    /// Above 67,108,863, which is what a tensor's memory can hold, a higher number changes nothing.
    /// </summary>
    [AtLeast(1)]
    public long MaxPixels { get; init; } = 50_000_000;
}
