namespace Larder.Inference;

/// <summary>What an image may cost. Both limits are checked before a pixel is decoded.</summary>
public sealed record ImageLimits
{
    /// <summary>Most bytes of an encoded image.</summary>
    public long MaxBytes { get; init; } = 20 * 1024 * 1024;

    /// <summary>
    /// Most pixels of an image, as its header says, and as a model of variable size is given it: decoding can take 4 bytes for each.
    /// Above 67,108,863, which is what a tensor's memory can hold, a higher number changes nothing.
    /// </summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>Refuses limits that nothing could keep.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is not positive, or more than an array can hold.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(MaxBytes, Array.MaxLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPixels);
    }
}
