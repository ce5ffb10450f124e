using System.Runtime.InteropServices;
using System.Text.Json;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Sandbox;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.RangeAnalysis;

/// <summary>
/// What ONNX Runtime does with the values that <see cref="Larder.Inference.Validation.Scanning.UnsafeOperators"/> is about: it ends the process, here the child. When a newer runtime does not,
/// a test fails, and its operator can be taken off the list.
/// </summary>
public sealed class CrashTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-hazards-");
    private readonly SandboxSlot _trial = new(new ValidationLimits(), TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _trial.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("Div", Datatype.Int32, "-2147483648")]
    [InlineData("Div", Datatype.Int64, "-9223372036854775808")]
    [InlineData("Mod", Datatype.Int32, "-2147483648")]
    [InlineData("Mod", Datatype.Int64, "-9223372036854775808")]
    public async Task The_smallest_integer_divided_by_minus_one_ends_the_process(string op, Datatype datatype, string smallest)
    {
        var model = new OnnxModel().Input("a", datatype, "n").Input("b", datatype, "n").Output("y", datatype, "n").Node(op, ["a", "b"], ["y"]);

        await Ends(model, $$"""{"a": [{{smallest}}], "b": [-1]}""");
        await Survives(model, $$"""{"a": [{{smallest}}], "b": [0]}""");
        await Survives(model, $$"""{"a": [{{smallest}}], "b": [1]}""");
    }

    [Theory]
    [InlineData("Div", Datatype.Int8, "-128")]
    [InlineData("Div", Datatype.Int16, "-32768")]
    [InlineData("Mod", Datatype.Int8, "-128")]
    [InlineData("Mod", Datatype.Int16, "-32768")]
    public async Task Shorter_integers_do_not(string op, Datatype datatype, string smallest) => await Survives(
        new OnnxModel().Input("a", datatype, "n").Input("b", datatype, "n").Output("y", datatype, "n").Node(op, ["a", "b"], ["y"]), $$"""{"a": [{{smallest}}], "b": [-1]}""");

    [Fact]
    public async Task A_diagonal_at_the_end_of_the_integers_does_not()
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, -1, -1).Input("k", Datatype.Int64).Output("y", Datatype.Fp32, -1, -1).Node("Trilu", ["x", "k"], ["y"]);

        await Survives(model, """{"x": [[1, 2], [3, 4]], "k": -9223372036854775808}""");
        await Survives(model, """{"x": [[1, 2], [3, 4]], "k": 9223372036854775807}""");
    }

    [Fact]
    public async Task A_frame_of_no_length_ends_the_process() => await Ends(
        new OnnxModel().Input("x", Datatype.Fp32, 1, 4, 1).Input("l", Datatype.Int64).Output("y", Datatype.Fp32, 1, "f", "b", 2)
            .Initializer(OnnxTensor.Of("step", [1L])).Node("STFT", ["x", "step", "", "l"], ["y"]),
        """{"x": [[[1], [2], [3], [4]]], "l": 0}""");

    [Theory]
    [InlineData("LSTM")]
    [InlineData("GRU")]
    [InlineData("LpNormalization")]
    [InlineData("DFT")]
    [InlineData("ConvTranspose")]
    [InlineData("Inverse")]
    public async Task An_input_without_elements(string op)
    {
        var model = new OnnxModel().Opset("com.microsoft", 1).Output("y", Datatype.Fp32, "d", "e", "f")
            .Input("x", Datatype.Fp32, "a", "b", op switch { "LSTM" or "GRU" => 4, "DFT" => 1, _ => "c" });
        switch (op)
        {
            case "LSTM" or "GRU":
                var gates = op == "LSTM" ? 4 : 3;
                model.Initializer(OnnxTensor.Of("w", new float[gates * 3 * 4], 1, gates * 3, 4)).Initializer(OnnxTensor.Of("r", new float[gates * 3 * 3], 1, gates * 3, 3))
                    .Node(new OnnxNode(op, ["x", "w", "r"], ["", "y"]).Int("hidden_size", 3));
                // A batch of none.
                await Ends(model, "[[], [], []]");
                break;
            case "ConvTranspose":
                model.Initializer(OnnxTensor.Of("w", new float[8], 2, 2, 2)).Node(op, ["x", "w"], ["y"]);
                await Survives(model, "[[[], []]]");
                break;
            case "LpNormalization":
                model.Node(new OnnxNode(op, ["x"], ["y"]).Int("axis", 1));
                await Survives(model, "[[], []]");
                break;
            case "DFT":
                model.Node(op, ["x"], ["y"]);
                await Survives(model, "[[], []]");
                break;
            default:
                model.Node(op, ["x"], ["y"], "com.microsoft");
                await Ends(model, "[[[], []]]");
                break;
        }
    }

    private async Task Ends(OnnxModel model, string sample)
    {
        // Other processors' integer division does not trap.
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        var refusal = await Assert.ThrowsAsync<InvalidModelException>(() => Run(model, sample));
        Assert.StartsWith("ONNX Runtime could not load the model: the process that tried it ended with signal ", refusal.Message, StringComparison.Ordinal);
    }

    private async Task Survives(OnnxModel model, string sample)
    {
        var answer = await Run(model, sample);
        Assert.True(answer.IsSame || answer.Reason.StartsWith("The original cannot be run on samples[0]: ", StringComparison.Ordinal), answer.Reason);
    }

    // Compiling runs a model in the child on values that are given, without the check that keeps such models away.
    private async Task<ComparisonAnswer> Run(OnnxModel model, string sample)
    {
        var path = model.Save(Path.Combine(_folder.FullName, Path.GetRandomFileName()));
        var signature = (await _trial.TryAsync(path, new SessionSettings(), folder: null, CancellationToken.None)).Signature!;
        using var json = JsonDocument.Parse(sample);
        return await _trial.CompileAsync(path, new SessionSettings(), new CompilationRequest($"{path}.out", signature, [sample], 0, 0), CancellationToken.None);
    }
}
