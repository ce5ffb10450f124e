using Larder.Inference.Compilation;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>Where compiling fails closed: a sentence, and no file.</summary>
public sealed class RefusedTests(Compilations compilations) : IClassFixture<Compilations>
{
    [Fact]
    public async Task A_difference_beyond_the_tolerance_is_told_with_its_place_and_both_values()
    {
        // x * 0.1 * 0.3 becomes x * 0.03, which rounds differently.
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, 1, 1, 1, 4).Output("y", Datatype.Fp32, 1, 1, 1, 4)
            .Initializer(OnnxTensor.Of("w", [0.1f], 1, 1, 1, 1)).Initializer(OnnxTensor.Of("scale", [0.3f], 1, 1, 1))
            .Node("Conv", ["x", "w"], ["t"]).Node("Mul", ["t", "scale"], ["y"]);
        const string Samples = "[[[[[0.123, 3.7, 11.13, 77.77]]]]]";

        var (exact, _) = await compilations.Compile(model, Samples, atol: 0, rtol: 0);

        Assert.False(exact.IsSame);
        Assert.Matches(@"^For samples\[0\], output 'y' at \[0,0,0,\d\] is 0\.\d+ in the original and 0\.\d+ in the optimised model \(atol 0, rtol 0\)\.$", exact.Reason);
        Assert.Null(exact.BytesAfter);
        Assert.Null(exact.Description);
        Assert.True((await compilations.Compile(model, Samples)).Result.IsSame);
    }

    [Fact]
    public async Task A_model_whose_outputs_are_random_is_not_compiled()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 4).Output("y", Datatype.Fp32, -1, 4)
            .Node("RandomNormalLike", ["x"], ["noise"]).Node("Add", ["x", "noise"], ["y"]);

        var (result, _) = await compilations.Compile(model, "[[1, 2, 3, 4]]");

        Assert.False(result.IsSame);
        Assert.Equal("The original does not answer samples[0] twice in the same way, so that no optimised model can be compared with it.", result.Reason);
    }

    [Theory]
    [InlineData("[[5.1, 3.5, 1.4, 0.2], [1, 2, 3]]", "samples[1] cannot be used: float_input expects FP32 [-1,4]; got 3 values.")]
    [InlineData("""[{"other": [1, 2, 3, 4]}]""", "samples[0] cannot be used: values has other, which the model does not take; its inputs are float_input FP32 [-1,4].")]
    [InlineData("""["text"]""", "samples[0] cannot be used: float_input expects FP32 [-1,4]; got a string.")]
    [InlineData("[null]", "samples[0] cannot be used: float_input expects FP32 [-1,4]; got null.")]
    [InlineData("[[1, 2, 3, 1e99]]", "samples[0] cannot be used: float_input expects FP32 [-1,4]; got 1e99 at [3], which is out of range.")]
    [InlineData("""[{"inputs": {}}]""", "samples[0] cannot be used: values lacks float_input, which expects FP32 [-1,4].")]
    public async Task A_sample_that_does_not_fit_the_model_is_named(string samples, string sentence)
    {
        var (result, _) = await compilations.Compile(Compilations.Sample("iris"), samples);

        Assert.False(result.IsSame);
        Assert.Equal(sentence, result.Reason);
    }

    [Fact]
    public async Task A_sample_that_is_nested_without_end_is_refused()
    {
        var (result, _) = await compilations.Compile(Compilations.Sample("iris"), $"[{new string('[', 60)}{new string(']', 60)}]");

        Assert.False(result.IsSame);
        Assert.StartsWith("samples[0] cannot be used: ", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_that_the_original_cannot_be_run_on_is_named()
    {
        var model = new OnnxModel()
            .Input("i", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1)
            .Initializer(OnnxTensor.Of("table", [1f, 2f, 3f], 3)).Node("Gather", ["table", "i"], ["y"]);

        var (result, _) = await compilations.Compile(model, "[[0], [3]]");

        Assert.False(result.IsSame);
        Assert.StartsWith("The original cannot be run on samples[1]: ", result.Reason, StringComparison.Ordinal);
        Assert.Equal(1, result.Samples);
        // Of those that are made up, some have such an index, too: they do not count.
        Assert.True((await compilations.Compile(model)).Result.IsSame);
    }

    [Fact]
    public async Task A_model_that_runs_on_nothing_that_is_made_up_is_not_compiled()
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, "a", "b").Output("y", Datatype.Fp32, "c", 1_009)
            .Initializer(OnnxTensor.Of("shape", [-1L, 1_009L], 2)).Node("Reshape", ["x", "shape"], ["y"]);

        var (result, _) = await compilations.Compile(model);

        Assert.False(result.IsSame);
        Assert.Equal("The model ran on none of the samples that were made up for it, so nothing could be compared: give it samples of its own.", result.Reason);
    }

    [Fact]
    public async Task A_signature_of_another_model_is_noticed()
    {
        var other = (await compilations.Validator.ValidateAsync(compilations.Save(OnnxModel.Linear(5)), CancellationToken.None)).Signature;

        var result = await compilations.Compiler.CompileAsync(compilations.Save(OnnxModel.Linear()), compilations.NewPath(), other, null, 1e-5, 1e-4, CancellationToken.None);

        Assert.False(result.IsSame);
        Assert.Equal("The optimised model is not called as the original is: its inputs are x FP32 [-1,4] instead of x FP32 [-1,5].", result.Reason);
    }

    [Fact]
    public async Task What_is_no_model_is_not_compiled()
    {
        var result = await compilations.Compiler.CompileAsync(
            compilations.Save("PK\x03\x04 and more"u8.ToArray()), compilations.NewPath(), new ModelSignature([], []), null, 1e-5, 1e-4, CancellationToken.None);

        Assert.False(result.IsSame);
        Assert.StartsWith("The file looks like a ZIP archive", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_not_there_and_impossible_tolerances_are_the_callers_mistakes()
    {
        var model = compilations.Save(OnnxModel.Linear());
        var signature = new ModelSignature([], []);
        Task<CompilationResult> Compile(string path, string destination, double atol = 0, double rtol = 0) =>
            compilations.Compiler.CompileAsync(path, destination, signature, null, atol, rtol, CancellationToken.None);

        await Assert.ThrowsAsync<FileNotFoundException>(() => Compile(compilations.NewPath(), compilations.NewPath()));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => Compile(model, Path.Combine(compilations.NewPath(), "x")));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Compile(model, compilations.NewPath(), atol: -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Compile(model, compilations.NewPath(), rtol: double.NaN));
    }
}
