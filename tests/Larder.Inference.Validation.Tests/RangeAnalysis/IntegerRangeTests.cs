using FsCheck;
using FsCheck.Fluent;
using Larder.Inference.Validation.Scanning;
using Larder.Sandbox.RangeAnalysis;

namespace Larder.Inference.Validation.Tests.RangeAnalysis;

public sealed class IntegerRangeTests
{
    [Fact]
    public void A_range_that_overflows_wraps_around()
    {
        var range = new IntegerRange(1, (Int128)long.MaxValue + 1);

        Assert.True(range.MayBe(long.MinValue, 64));
        Assert.False(range.MayBe(-1, 64));
        Assert.False(range.MayBe(0, 64));
        Assert.True(range.MayBe(-1, 32));
    }

    [Fact]
    public void A_range_holds_what_its_sums_come_to_after_wrapping() => Prop.ForAll<short, byte, short>((low, width, value) =>
    {
        // 8 bits stand for all: each value of the range is wrapped by hand.
        var wrapped = Enumerable.Range(low, width + 1).Any(each => (sbyte)each == (sbyte)value);
        Assert.Equal(wrapped, new IntegerRange(low, low + width).MayBe((sbyte)value, 8));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Constants_are_known_one_by_one()
    {
        Assert.False(IntegerRange.Of([-3, 5]).MayBe(-1, 64));
        Assert.True(IntegerRange.Of([-3, -1, 5]).MayBe(-1, 64));
    }

    [Fact]
    public void What_does_not_fit_a_type_may_be_any_value_of_it() =>
        Assert.Equal(IntegerRange.OfType(ElementTypes.Int32), new IntegerRange(0, 1L << 40).In(ElementTypes.Int32));
}
