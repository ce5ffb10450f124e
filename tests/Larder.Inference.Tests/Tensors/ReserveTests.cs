using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class ReserveTests
{
    [Fact]
    public void Reserved_memory_is_as_large_as_the_shape_says()
    {
        var buffer = new TensorBuffer(Tensor.Signature(Datatype.Fp32, -1, 3, 2, 2), 1 << 20);

        var memory = buffer.Reserve([2, 3, 2, 2]);

        Assert.Equal(2 * 3 * 2 * 2 * 4, memory.Length);
        Assert.Equal([2, 3, 2, 2], buffer.Shape.ToArray());
        Assert.True(buffer.HasValue);
    }

    [Theory]
    [InlineData(new long[] { 2, 4 }, "shape [2,4]")]
    [InlineData(new long[] { 3 }, "shape [3]")]
    [InlineData(new long[] { -1, 3 }, "shape [-1,3]")]
    [InlineData(new long[] { long.MaxValue, 3 }, "more than 1 MiB of values, the limit for one input")]
    [InlineData(new long[] { 262144, 3 }, "more than 1 MiB of values, the limit for one input")]
    public void A_shape_that_does_not_fit_is_refused(long[] shape, string got)
    {
        var buffer = new TensorBuffer(Tensor.Signature(Datatype.Fp32, -1, 3), 1 << 20);

        Assert.Equal($"x expects FP32 [-1,3]; got {got}", Assert.Throws<InvalidInputException>(() => buffer.Reserve(shape)).Message);
    }

    [Fact]
    public void Strings_have_no_fixed_size_to_reserve() =>
        Assert.Throws<InvalidOperationException>(() => new TensorBuffer(Tensor.Signature(Datatype.Bytes, -1), 1 << 20).Reserve([1]));
}
