using Larder.Inference.Limits;
using Larder.Inference.Validation.Scanning;

namespace Larder.Sandbox.RangeAnalysis;

/// <summary>
/// Bounds of the elements of an integer tensor, as they would be if integers never overflowed: what a sum or product beyond its type wraps around to is
/// told by <see cref="MayBe"/>.
/// </summary>
/// <param name="Low">None is smaller.</param>
/// <param name="High">None is larger.</param>
/// <param name="Exactly">The elements themselves, where they are constants.</param>
internal sealed record IntegerRange(Int128 Low, Int128 High, long[]? Exactly = null)
{
    /// <summary>Any 64-bit integer.</summary>
    public static IntegerRange Any { get; } = new(long.MinValue, long.MaxValue);

    /// <summary>
    /// A length or an index. No input and no weights have more than 2^31 elements (<see cref="InferenceLimits.TensorBytes"/> is at most 1 GiB, a
    /// file 2 GiB), and an intermediate tensor that has would not fit a run.
    /// </summary>
    public static IntegerRange Length { get; } = new(0, 1L << 31);

    /// <summary>A number of elements: no memory holds 2^48.</summary>
    public static IntegerRange Count { get; } = new(0, 1L << 48);

    /// <summary>Constants.</summary>
    public static IntegerRange Of(long[] values) => values.Length == 0 ? new(0, 0, values) : new(values.Min(), values.Max(), values);

    /// <summary>Any value of an element type.</summary>
    public static IntegerRange OfType(long? type) => type switch
    {
        ElementTypes.Bool => new(0, 1),
        ElementTypes.UInt8 => new(0, byte.MaxValue),
        ElementTypes.Int8 => new(sbyte.MinValue, sbyte.MaxValue),
        ElementTypes.UInt16 => new(0, ushort.MaxValue),
        ElementTypes.Int16 => new(short.MinValue, short.MaxValue),
        ElementTypes.UInt32 => new(0, uint.MaxValue),
        ElementTypes.Int32 => new(int.MinValue, int.MaxValue),
        _ => Any,
    };

    /// <summary>This, if every value of it is one of the type; else any value of the type.</summary>
    public IntegerRange In(long? type) => OfType(type) is var all && Low >= all.Low && High <= all.High ? this : all;

    /// <summary>Both together.</summary>
    public IntegerRange Or(IntegerRange other) => new(Int128.Min(Low, other.Low), Int128.Max(High, other.High));

    /// <summary>Whether an element may be this value, in so many bits.</summary>
    public bool MayBe(long value, int bits)
    {
        if (Exactly is not null)
            return Exactly.Contains(value);
        // The first of value + k * 2^bits that is not below.
        var modulus = (Int128)1 << bits;
        var first = Low + ((((value - Low) % modulus) + modulus) % modulus);
        return first <= High;
    }
}
