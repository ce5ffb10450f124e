using System.Runtime.InteropServices;
using System.Text.Json;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Memory;

/// <summary>What a run may take and give out, with shapes that are values of the input: the model is harmless until an input asks it for more.</summary>
public sealed class RunMemoryTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    public static TheoryData<string, string> TooMuch => new()
    {
        { "ConstantOfShape", "[2400000000]" },
        { "ConstantOfShape", "[4611686018427387904]" },
        { "ConstantOfShape", "[1099511627776,1099511627776]" },
        { "ConstantOfShape", "[-5]" },
        { "ConstantOfShape", "[1099511627776,0]" },
        { "Expand", "[2400000000]" },
        { "Expand", "[1099511627776,1099511627776]" },
        { "Tile", "[2400000000]" },
        { "Tile", "[4611686018427387904]" },
        { "Tile", "[-2]" },
        { "Reshape", $"[{string.Join(',', Enumerable.Repeat(1, 65))}]" },
        { "Reshape", $"[{string.Join(',', Enumerable.Repeat(1, 2000))}]" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task What_no_run_can_have_is_refused_with_a_sentence(string op, string values)
    {
        var refusal = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Shaped(op, -1), values));

        Assert.Matches(@"^(model|the model) cannot (take|answer) this input: .*\.$", refusal.Message);
        Assert.DoesNotContain("onnxruntime", refusal.Message);
        Assert.DoesNotContain(".cc", refusal.Message);
    }

    [Fact]
    public async Task The_sentence_says_which_limit_it_was()
    {
        var beyondAll = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Shaped("ConstantOfShape", -1), "[2400000000]"));
        var beyondOne = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Shaped("ConstantOfShape", -1), "[70000000]"));
        var dimensions = await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Shaped("Reshape", -1), $"[{string.Join(',', Enumerable.Repeat(1, 65))}]"));

        Assert.Equal($"model cannot take this input: a single value of the run would have 8.94 GiB, and all runs together may have {InputError.Size(_kitchen.Limits.MostRunBytes)}, Limits:RunBytes. Ask for less at a time.", beyondAll.Message);
        Assert.Equal("model cannot answer this input: its outputs have 267.03 MiB, more than a prediction may give out (256 MiB, Limits:OutputBytes). Ask for less at a time.", beyondOne.Message);
        Assert.Equal("the model cannot answer this input: an output has 65 dimensions, and 64 is the most.", dimensions.Message);
    }

    [Fact]
    public async Task What_is_left_in_pieces_by_runs_of_other_sizes_is_put_together_again()
    {
        using var lease = await _kitchen.LeaseAsync(Summed());
        var most = _kitchen.Limits.MostRunBytes / sizeof(float);

        // Each is larger than what the ones before it have left, and all of them together are more than there is.
        foreach (var share in new[] { 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40 })
            Assert.Equal(["0"], await Kitchen.PredictAsync(lease.Model, $"[{(long)(most * share)}]"));
    }

    [Fact]
    public async Task A_refused_run_leaves_the_model_and_its_neighbours_serving()
    {
        using var lease = await _kitchen.LeaseAsync(Shaped("ConstantOfShape", -1));
        using var neighbour = await _kitchen.LeaseAsync(OnnxModel.Linear());
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<InvalidInputException>(() => Kitchen.PredictAsync(lease.Model, "[2400000000]"));
            Assert.Equal(["[0,0]"], await Kitchen.PredictAsync(lease.Model, "[2]"));
            Assert.Equal(2, (await Kitchen.PredictAsync(neighbour.Model, "[1,2,3,4]")).Length);
        }

        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task Weights_are_not_of_the_memory_of_runs()
    {
        var weights = OnnxModel.MatMul(4096);
        Assert.True(weights.Length > 64 << 20);
        var models = new List<SessionLease>();
        // Together more than runs may have, if they were counted there.
        for (var i = 0; i * (64L << 20) < _kitchen.Limits.MostRunBytes && i < 20; i++)
            models.Add(await _kitchen.Sessions.LeaseAsync(_kitchen.Add(weights, version: $"{i + 1}"), CancellationToken.None));

        using var inputs = models[0].Model.RentInputs();
        MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([1, 4096])).Fill(1);
        (await models[0].Model.RunAsync(inputs, CancellationToken.None)).Dispose();
        using var one = await _kitchen.LeaseAsync(Summed());
        Assert.Equal(["0"], await Kitchen.PredictAsync(one.Model, $"[{_kitchen.Limits.MostRunBytes / 2 / sizeof(float)}]"));
        models.ForEach(model => model.Dispose());
    }

    [Fact]
    public async Task Outputs_count_as_in_flight_until_they_are_let_go()
    {
        using var lease = await _kitchen.LeaseAsync(Shaped("ConstantOfShape", -1));
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, "[1000000]"u8.ToArray());

        var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);

        Assert.Equal(4_000_000, _kitchen.Sessions.Memory.Work.Used);
        Assert.False(outputs.AreSmall);
        outputs.Dispose();
        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task An_output_that_is_an_input_stays_when_the_inputs_are_returned()
    {
        // Its memory is the input's: ONNX Runtime makes no copy.
        var onnx = new OnnxModel().Input("x", Datatype.Fp32, -1).Output("x", Datatype.Fp32, -1).Output("y", Datatype.Fp32, -1).Node("Neg", ["x"], ["y"]).ToBytes();
        using var lease = await _kitchen.LeaseAsync(onnx);
        foreach (var length in new[] { 3, 600_000 })
        {
            PredictionOutputs outputs;
            using (var inputs = lease.Model.RentInputs())
            {
                MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([length])).Fill(1);
                outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);
            }

            // As the next request does.
            using (var inputs = lease.Model.RentInputs())
                MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([length])).Fill(99);

            Assert.All(JsonSerializer.Deserialize<float[]>(Kitchen.Write(outputs, 0))!, value => Assert.Equal(1, value));
            outputs.Dispose();
        }
    }

    [Fact]
    public async Task Refusals_are_counted()
    {
        using var metered = new Metered(_kitchen.Metrics);

        await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(Shaped("ConstantOfShape", -1), "[2400000000]"));

        Assert.Equal([1], metered["larder.inference.memory_refusals"]);
        Assert.Equal(["share=runs,reason=too_large"], metered.Tags("larder.inference.memory_refusals"));
        metered.Observe();
        Assert.Equal(["share=bodies", "share=work"], metered.Tags("larder.inference.in_flight_bytes"));
    }

    /// <summary>Takes the shape of its output as values.</summary>
    private static byte[] Shaped(string op, int length)
    {
        var model = new OnnxModel().Input("s", Datatype.Int64, length).Output("y", Datatype.Fp32, -1);
        return op == "ConstantOfShape"
            ? model.Node(op, ["s"], ["y"]).ToBytes()
            : model.Initializer(OnnxTensor.Of("one", [1f], 1)).Node(op, ["one", "s"], ["y"]).ToBytes();
    }

    /// <summary>Makes as many zeros as it is told, and gives their sum: all memory is the run's, and none the output's.</summary>
    private static byte[] Summed() => new OnnxModel()
        .Input("s", Datatype.Int64, 1)
        .Output("y", Datatype.Fp32)
        .Node("ConstantOfShape", ["s"], ["zeros"])
        .Node(new OnnxNode("ReduceMax", ["zeros"], ["y"]).Int("keepdims", 0))
        .ToBytes();
}
