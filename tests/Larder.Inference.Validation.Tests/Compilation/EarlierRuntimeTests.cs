using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>
/// Versions that an earlier release optimised. Files in Earlier/ were made of the samples by Larder on ONNX Runtime 1.29, with a training's option
/// <c>compile</c>: the graph of digits has fused operators of com.microsoft.
/// </summary>
public sealed class EarlierRuntimeTests
{
    private static readonly string Samples =
        typeof(EarlierRuntimeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "Samples").Value!;

    [Theory]
    [InlineData("iris", 4)]
    [InlineData("digits", 64)]
    public async Task A_model_that_was_optimised_with_ONNX_Runtime_1_29_is_accepted_and_says_what_the_original_says(string name, int size)
    {
        var original = Path.Combine(Samples, name, $"{name}.onnx");
        var optimised = Path.Combine(AppContext.BaseDirectory, "Compilation", "Earlier", $"{name}.onnx");
        await using var validator = new ModelValidator(new ValidationLimits());

        var description = await validator.ValidateAsync(optimised, CancellationToken.None);

        Assert.Equal((await validator.ValidateAsync(original, CancellationToken.None)).Signature.Inputs.Single().Shape, description.Signature.Inputs.Single().Shape);
        var random = new Random(7);
        for (var i = 0; i < 20; i++)
        {
            var values = Enumerable.Range(0, size).Select(_ => random.NextSingle() * 8).ToArray();
            Assert.Equal(Run(original, values), Run(optimised, values));
        }
    }

    private static long Run(string path, float[] values)
    {
        using var session = new InferenceSession(path);
        var (name, metadata) = session.InputMetadata.Single();
        var shape = metadata.Dimensions.Select(dimension => dimension < 0 ? 1 : dimension).ToArray();
        using var outputs = session.Run([NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, shape))], ["label"]);
        return outputs.Single().AsTensor<long>().Single();
    }
}
