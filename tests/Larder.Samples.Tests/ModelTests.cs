using Larder.Inference.Signatures;
using Larder.Inference.Validation;

namespace Larder.Samples.Tests;

public sealed class ModelTests
{
    [Theory]
    [InlineData("iris", "float_input FP32 [-1,4]", "label INT64 [-1], probabilities FP32 [-1,3]")]
    [InlineData("digits", "image FP32 [-1,1,8,8]", "label INT64 [-1], probabilities FP32 [-1,10]")]
    public async Task A_sample_passes_validation_with_the_signature_that_the_README_gives(string sample, string inputs, string outputs)
    {
        await using var validator = new ModelValidator(new ValidationLimits());

        var description = await validator.ValidateAsync(Samples.Path(sample, $"{sample}.onnx"), CancellationToken.None);

        Assert.Equal(inputs, Text(description.Signature.Inputs));
        Assert.Equal(outputs, Text(description.Signature.Outputs));
        Assert.True(description.RowsAreIndependent);
        Assert.StartsWith("larder-samples", description.Producer);
        Assert.NotEmpty(description.Documentation!);
    }

    private static string Text(IEnumerable<ValueSignature> values) =>
        string.Join(", ", values.Select(value => $"{value.Name} {value.TypeName}"));
}
