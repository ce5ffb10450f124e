using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>
/// A JSON number's digits, exactly: 0.d1d2d3... * 10^<see cref="Exponent"/> without leading or trailing zeros.
/// For the questions that a double cannot answer; common numbers never come here.
/// </summary>
internal readonly ref struct JsonNumber
{
    private readonly ReadOnlySpan<byte> _mantissa;
    private readonly int _point;
    private readonly int _first;

    /// <param name="token">A number that <see cref="Utf8JsonReader"/> has accepted.</param>
    public JsonNumber(ReadOnlySpan<byte> token)
    {
        Negative = token[0] == '-';
        _mantissa = Negative ? token[1..] : token;
        long exponent = 0;
        var e = _mantissa.IndexOfAny((byte)'e', (byte)'E');
        if (e >= 0)
        {
            var digits = _mantissa[(e + 1)..];
            var negative = digits[0] == '-';
            if (digits[0] is (byte)'-' or (byte)'+')
                digits = digits[1..];
            // An exponent beyond a long is as good as the largest that cannot overflow below.
            if (!Utf8Parser.TryParse(digits, out exponent, out _) || exponent > long.MaxValue / 2)
                exponent = long.MaxValue / 2;
            exponent = negative ? -exponent : exponent;
            _mantissa = _mantissa[..e];
        }

        var dot = _mantissa.IndexOf((byte)'.');
        _point = dot < 0 ? _mantissa.Length : dot;
        var last = (dot < 0 ? _mantissa.Length : _mantissa.Length - 1) - 1;
        while (last >= 0 && DigitAt(last) == 0)
            last--;
        while (_first < last && DigitAt(_first) == 0)
            _first++;
        Length = last < 0 ? 0 : last - _first + 1;
        Exponent = _point - _first + exponent;
    }

    /// <summary>Whether a minus sign stands before it.</summary>
    public bool Negative { get; }

    /// <summary>Significant digits; 0 for zero.</summary>
    public int Length { get; }

    /// <summary>Power of ten of the point before the first significant digit.</summary>
    public long Exponent { get; }

    /// <summary>Significant digit <paramref name="index"/>, 0 beyond the last.</summary>
    public int this[int index] => index < Length ? DigitAt(_first + index) : 0;

    /// <summary>The value as an integer, if it is one and fits 64 bits and a sign.</summary>
    public ElementError ToInteger(out Int128 value)
    {
        value = 0;
        if (Length == 0)
            return ElementError.None;
        if (Exponent < Length)
            return ElementError.NotIntegral;
        if (Exponent > 20)
            return ElementError.OutOfRange;
        for (var i = 0; i < Exponent; i++)
            value = value * 10 + this[i];
        if (Negative)
            value = -value;
        return ElementError.None;
    }

    /// <summary>Compares the magnitudes of this number and of <paramref name="other"/>, exactly.</summary>
    public int CompareMagnitude(JsonNumber other)
    {
        if (Length == 0 || other.Length == 0)
            return Length.CompareTo(other.Length);
        if (Exponent != other.Exponent)
            return Exponent.CompareTo(other.Exponent);
        var length = Math.Max(Length, other.Length);
        for (var i = 0; i < length; i++)
        {
            if (this[i] != other[i])
                return this[i].CompareTo(other[i]);
        }

        return 0;
    }

    /// <summary>The bytes of the current token in one piece: where they are, or copied into <paramref name="scratch"/>.</summary>
    public static ReadOnlySpan<byte> Token(in Utf8JsonReader reader, Span<byte> scratch)
    {
        if (!reader.HasValueSequence)
            return reader.ValueSpan;
        var sequence = reader.ValueSequence;
        if (sequence.Length > scratch.Length)
            return sequence.ToArray();
        sequence.CopyTo(scratch);
        return scratch[..(int)sequence.Length];
    }

    /// <summary>
    /// Rounds the token, whose nearest double is <paramref name="nearest"/>, to the nearest bfloat16, ties to even. Only where
    /// the double lies exactly between two bfloat16 can its own rounding have hidden the side on which the number lies.
    /// </summary>
    public static ushort ToBFloat16(in Utf8JsonReader reader, double nearest)
    {
        var single = (float)nearest;
        var bits = BitConverter.SingleToUInt32Bits(single);
        var upper = (ushort)(bits >> 16);
        if (single != nearest)
        {
            // Rounded to FP32: step back to the FP32 nearer zero and mark the rest, so that the second rounding sees it.
            if (Math.Abs((double)single) > Math.Abs(nearest))
                bits--;
            upper = (ushort)(bits >> 16);
            return (bits & 0xFFFF) >= 0x8000 ? ++upper : upper;
        }

        var lower = bits & 0xFFFF;
        if (lower != 0x8000)
            return lower > 0x8000 ? ++upper : upper;

        Span<byte> scratch = stackalloc byte[128];
        Span<byte> exact = stackalloc byte[160];
        // The longest midpoint, 511 * 2^-134, has fewer than 110 digits.
        nearest.TryFormat(exact, out var length, "E110", CultureInfo.InvariantCulture);
        var side = new JsonNumber(Token(in reader, scratch)).CompareMagnitude(new JsonNumber(exact[..length]));
        return side > 0 || (side == 0 && (upper & 1) == 1) ? ++upper : upper;
    }

    private int DigitAt(int index) => _mantissa[index < _point ? index : index + 1] - '0';
}
