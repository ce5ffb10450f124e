using System.Globalization;
using System.Numerics;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tests.Tensors;

public sealed class RoundingTests
{
    [Theory]
    [InlineData("1", 0x3F80)]
    [InlineData("-1", 0xBF80)]
    [InlineData("0", 0)]
    [InlineData("-0", 0x8000)]
    [InlineData("1.0039", 0x3F80)]
    // Half way between 1 and the next bfloat16: to even.
    [InlineData("1.00390625", 0x3F80)]
    [InlineData("1.01171875", 0x3F82)]
    [InlineData("0.0100390625e2", 0x3F80)]
    // A hair above and below it, which no double shows.
    [InlineData("1.003906250000000000000000000000000001", 0x3F81)]
    [InlineData("100390625000000000000000000000000000001e-38", 0x3F81)]
    [InlineData("1.003906249999999999999999999999999999", 0x3F80)]
    [InlineData("-1.003906250000000000000000000000000001", 0xBF81)]
    [InlineData("1.011718749999999999999999999999999999", 0x3F81)]
    // Between two FP32, on either side of the half.
    [InlineData("1.00390625001", 0x3F81)]
    [InlineData("1.00390624999", 0x3F80)]
    // Subnormal, the largest, and less than half of the least.
    [InlineData("9.183549615799121e-41", 0x0001)]
    [InlineData("4.59e-41", 0)]
    [InlineData("3.3895313892515355e38", 0x7F7F)]
    [InlineData("3.395e38", 0x7F7F)]
    [InlineData("1e-4000", 0)]
    public void A_number_becomes_the_nearest_bfloat16(string json, int bits) =>
        Assert.Equal([bits], Tensor.Read(json, Datatype.Bf16).Elements<ushort>().Select(b => (int)b));

    [Theory]
    // 1 + 2^-11 is half way between two FP16; the second number is above it by less than a double can show.
    [InlineData("1.00048828125", 0x3C00)]
    [InlineData("1.00048828125000000000000000000001", 0x3C01)]
    [InlineData("65519.999", 0x7BFF)]
    [InlineData("5.960464477539063e-8", 0x0001)]
    public void A_number_becomes_the_nearest_FP16(string json, int bits) =>
        Assert.Equal([bits], Tensor.Read(json, Datatype.Fp16).Elements<ushort>().Select(b => (int)b));

    [Fact]
    public void Midpoints_of_bfloat16_are_told_from_their_neighbours()
    {
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var bits = (ushort)random.Next(1, 0x7F7F);
            var midpoint = (double)BitConverter.UInt32BitsToSingle(((uint)bits << 16) | 0x8000);
            var exact = Exact(midpoint);
            var even = (bits & 1) == 0 ? bits : (ushort)(bits + 1);

            Assert.Equal(even, Tensor.Read(exact, Datatype.Bf16).Elements<ushort>()[0]);
            Assert.Equal((ushort)(bits + 1), Tensor.Read(exact + "0001", Datatype.Bf16).Elements<ushort>()[0]);
        }
    }

    // With a point, so that digits can be added.
    private static string Exact(double value)
    {
        var text = value.ToString("F150", CultureInfo.InvariantCulture);
        return BigInteger.Parse(text.Replace(".", ""), CultureInfo.InvariantCulture).IsZero ? throw new InvalidOperationException(text) : text;
    }
}
