using Larder.Inference.Compilation;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Tests.Sandbox;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Compilation;

/// <summary>What a model may cost that is compiled: what it may cost that is validated.</summary>
public sealed class LimitTests(Compilations compilations) : IClassFixture<Compilations>
{
    private static readonly ModelSignature One = new(
        [new ValueSignature { Name = "x", Kind = ValueKind.Tensor, Datatype = Datatype.Fp32, Shape = [1] }],
        [new ValueSignature { Name = "y", Kind = ValueKind.Tensor, Datatype = Datatype.Fp32, Shape = [1] }]);

    [Fact]
    public async Task A_model_that_runs_forever_is_ended_and_the_next_one_is_compiled()
    {
        await using var validator = new ModelValidator(new ValidationLimits { LoadSeconds = 2 });
        var compiler = new ModelCompiler(validator);

        var result = await Compile(compiler, OnnxModel.EndlessLoop(), CancellationToken.None);

        Assert.False(result.IsSame);
        Assert.Equal("The model did not load and run within 2 seconds.", result.Reason);
        Assert.DoesNotContain(compilations.Files(), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_takes_too_much_memory_is_refused()
    {
        await using var validator = new ModelValidator(new ValidationLimits { SandboxMemoryBytes = 256 << 20 });

        var result = await Compile(new ModelCompiler(validator), OnnxModel.HugeAllocation(1L << 27), CancellationToken.None);

        Assert.False(result.IsSame);
        Assert.Equal("The model needs more than 256 MiB of memory to load and run.", result.Reason);
    }

    [Fact]
    public async Task A_sample_that_makes_a_model_huge_is_refused()
    {
        await using var validator = new ModelValidator(new ValidationLimits { SandboxMemoryBytes = 256 << 20 });
        var model = new OnnxModel()
            .Input("n", Datatype.Int64, 1).Output("y", Datatype.Fp32, "n").Node("ConstantOfShape", ["n"], ["y"]);
        var path = compilations.Save(model.ToBytes());
        var signature = (await validator.ValidateAsync(path, CancellationToken.None)).Signature;

        var result = await new ModelCompiler(validator).CompileAsync(path, compilations.NewPath(), signature, Compilations.Samples("[[100000000000]]"), 0, 0, CancellationToken.None);

        Assert.False(result.IsSame);
        Assert.Equal("The model needs more than 256 MiB of memory to load and run.", result.Reason);
        Assert.True((await Compile(new ModelCompiler(validator), new OnnxModel()
            .Input("x", Datatype.Fp32, 1).Output("y", Datatype.Fp32, 1).Node("Neg", ["x"], ["y"]).ToBytes(), CancellationToken.None)).IsSame);
    }

    [Fact]
    public async Task Cancelling_ends_the_child_and_leaves_no_file()
    {
        await using var validator = new ModelValidator(new ValidationLimits());
        using var cancellation = new CancellationTokenSource();
        var compiling = Compile(new ModelCompiler(validator), OnnxModel.EndlessLoop(), cancellation.Token);
        var child = await OtherProcess.Starts(() => validator.Sandbox.ProcessIds.Cast<int?>().FirstOrDefault());
        await Eventually.TrueAsync(() => Task.FromResult(compilations.Files().Any(file => file.EndsWith(".partial", StringComparison.Ordinal))));
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => compiling);
        await OtherProcess.Ends(child);
        Assert.DoesNotContain(compilations.Files(), file => file.EndsWith(".partial", StringComparison.Ordinal));
    }

    private Task<CompilationResult> Compile(ModelCompiler compiler, byte[] model, CancellationToken cancellationToken) =>
        compiler.CompileAsync(compilations.Save(model), compilations.NewPath(), One, null, 1e-5, 1e-4, cancellationToken);
}
