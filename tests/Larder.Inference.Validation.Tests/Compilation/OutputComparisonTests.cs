using Larder.Inference.Signatures;
using Larder.Sandbox.Compilation;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Validation.Tests.Compilation;

public sealed class OutputComparisonTests : IDisposable
{
    private readonly List<OrtValue> _values = [];

    public void Dispose() => _values.ForEach(value => value.Dispose());

    [Theory]
    [InlineData(1, 1.00001, null)]
    [InlineData(1, 1.5, "output 'y' at [1] is 1 in the original and 1.5 in the optimised model")]
    [InlineData(double.NaN, double.NaN, null)]
    [InlineData(double.NaN, 0, "output 'y' at [1] is NaN in the original and 0 in the optimised model")]
    [InlineData(0, double.NaN, "output 'y' at [1] is 0 in the original and NaN in the optimised model")]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, null)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, "output 'y' at [1] is Infinity in the original and -Infinity in the optimised model")]
    [InlineData(double.PositiveInfinity, 1e308, "output 'y' at [1] is Infinity in the original and 1E+308 in the optimised model")]
    [InlineData(0.0, -0.0, null)]
    public void Floats_are_compared_within_the_tolerance(double original, double optimised, string? difference) =>
        Assert.Equal(difference, Difference(Tensor([0.0, original]), Tensor([0.0, optimised])));

    [Fact]
    public void The_tolerance_grows_with_the_original()
    {
        var comparison = new OutputComparison(atol: 1, rtol: 0.5);
        ValueSignature[] signature = [new() { Name = "y", Kind = ValueKind.Tensor }];

        Assert.Null(comparison.Difference(signature, [Tensor([100f])], [Tensor([151f])]));
        Assert.Equal(51, comparison.LargestDifference);
        Assert.NotNull(comparison.Difference(signature, [Tensor([100f])], [Tensor([151.5f])]));
        Assert.NotNull(comparison.Difference(signature, [Tensor([10f])], [Tensor([100f])]));
        Assert.Equal(51, comparison.LargestDifference);
    }

    [Fact]
    public void Integers_must_be_equal() => Assert.Equal(
        "output 'y' at [2] is 9007199254740993 in the original and 9007199254740992 in the optimised model",
        Difference(Tensor([1L, 2, 9007199254740993]), Tensor([1L, 2, 9007199254740992])));

    [Fact]
    public void Half_floats_are_told_with_their_own_digits() => Assert.Equal(
        "output 'y' at [0] is 0.1 in the original and 0.2 in the optimised model", Difference(Tensor([(Half)0.1]), Tensor([(Half)0.2])));

    [Fact]
    public void Types_and_shapes_must_be_equal()
    {
        Assert.Equal("output 'y' has elements of type Float in the original and Double in the optimised model", Difference(Tensor([1f]), Tensor([1.0])));
        Assert.Equal("output 'y' has the shape [2] in the original and [1] in the optimised model", Difference(Tensor([1f, 1]), Tensor([1f])));
    }

    [Fact]
    public void Strings_must_be_equal() => Assert.Equal(
        "output 'y' at [1] is 'dog' in the original and 'Dog' in the optimised model", Difference(Strings("cat", "dog"), Strings("cat", "Dog")));

    [Fact]
    public void Sequences_are_compared_element_by_element()
    {
        Assert.Null(Difference(Sequence(Tensor([1f]), Tensor([2f])), Sequence(Tensor([1f]), Tensor([2f]))));
        Assert.Equal(
            "output 'y', element 1 at [0] is 2 in the original and 3 in the optimised model",
            Difference(Sequence(Tensor([1f]), Tensor([2f])), Sequence(Tensor([1f]), Tensor([3f]))));
        Assert.Equal(
            "output 'y' has 2 elements in the original and 1 in the optimised model",
            Difference(Sequence(Tensor([1f]), Tensor([2f])), Sequence(Tensor([1f]))));
    }

    [Fact]
    public void Maps_are_compared_by_keys_and_values()
    {
        Assert.Null(Difference(Map([1, 2], [0.5f, 0.5f]), Map([1, 2], [0.5f, 0.5f])));
        Assert.Equal(
            "output 'y', values at [1] is 0.5 in the original and 0.75 in the optimised model",
            Difference(Map([1, 2], [0.5f, 0.5f]), Map([1, 2], [0.5f, 0.75f])));
        Assert.Equal(
            "output 'y', keys at [1] is 2 in the original and 3 in the optimised model",
            Difference(Map([1, 2], [0.5f, 0.5f]), Map([1, 3], [0.5f, 0.5f])));
    }

    [Fact]
    public void A_tensor_is_no_sequence() => Assert.Equal(
        "output 'y' is ONNX_TYPE_TENSOR in one and ONNX_TYPE_SEQUENCE in the other", Difference(Tensor([1f]), Sequence(Tensor([1f]))));

    private static string? Difference(OrtValue original, OrtValue optimised) =>
        new OutputComparison(1e-5, 1e-4).Difference([new ValueSignature { Name = "y", Kind = ValueKind.Tensor }], [original], [optimised]);

    private OrtValue Tensor<T>(T[] values)
        where T : unmanaged
    {
        if (values is Half[] halves)
            return Keep(OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(halves, half => new Float16(BitConverter.HalfToUInt16Bits(half))), [halves.Length]));
        return Keep(OrtValue.CreateTensorValueFromMemory(values, [values.Length]));
    }

    private OrtValue Strings(params string[] values) => Keep(OrtValue.CreateFromStringTensor(new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<string>(values, [values.Length])));

    private OrtValue Sequence(params OrtValue[] elements) => Keep(OrtValue.CreateSequence(new List<OrtValue>(elements)));

    private OrtValue Map(long[] keys, float[] values) => Keep(OrtValue.CreateMap(keys, values));

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }
}
