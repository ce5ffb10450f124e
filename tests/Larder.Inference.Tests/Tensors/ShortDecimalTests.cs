using System.Globalization;
using System.Text;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class ShortDecimalTests
{
    [Fact]
    public void Short_numbers_are_read_as_the_general_algorithm_reads_them()
    {
        var random = new Random(11);
        var taken = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var digits = random.NextInt64((long)Math.Pow(10, random.Next(1, 19))).ToString(CultureInfo.InvariantCulture);
            var point = random.Next(digits.Length + 1);
            var text = (random.Next(2) == 0 ? "-" : "") + (point == digits.Length ? digits : $"{(point == 0 ? "0" : digits[..point])}.{digits[point..]}");
            var token = Encoding.UTF8.GetBytes(text);
            if (ShortDecimal.TryRead(token, out float single))
            {
                taken++;
                Assert.Equal(BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)), BitConverter.SingleToInt32Bits(single));
            }

            if (ShortDecimal.TryRead(token, out double number))
            {
                taken++;
                Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(number));
            }
        }

        Assert.True(taken > 100_000);
    }

    [Theory]
    [InlineData("16777217", false)]
    [InlineData("16777216", true)]
    [InlineData("1e5", false)]
    [InlineData("-0", true)]
    [InlineData("0.0000001", true)]
    [InlineData("-0.000001", true)]
    [InlineData("0.12345678", false)]
    public void What_might_round_twice_is_left_to_it(string text, bool taken)
    {
        Assert.Equal(taken, ShortDecimal.TryRead(Encoding.UTF8.GetBytes(text), out float value));
        if (taken)
            Assert.Equal(BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)), BitConverter.SingleToInt32Bits(value));
    }

    [Theory]
    [InlineData("9007199254740992", true)]
    [InlineData("9007199254740993", false)]
    [InlineData("0.000000000000001", true)]
    [InlineData("12345678901234567", false)]
    public void Doubles_have_their_own_bounds(string text, bool taken) =>
        Assert.Equal(taken, ShortDecimal.TryRead(Encoding.UTF8.GetBytes(text), out double _));
}
