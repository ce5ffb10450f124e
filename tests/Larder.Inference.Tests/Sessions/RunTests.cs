using Larder.Inference.Limits;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

public sealed class RunTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task A_cancelled_run_stops_and_the_model_goes_on_serving()
    {
        using var lease = await _kitchen.LeaseAsync(GatedLoop());
        using var cancellation = new CancellationTokenSource();
        var run = Task.Factory.StartNew(() => Kitchen.PredictAsync(lease.Model, "4000000000000000000", cancellation.Token), TaskCreationOptions.LongRunning).Unwrap();
        await Eventually.IsTrue(() => lease.Model.Queue.Running == 1);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(["3"], await Kitchen.PredictAsync(lease.Model, "3"));
    }

    [Fact]
    public async Task A_model_with_its_weights_in_another_file_gives_what_it_gives_in_one()
    {
        var model = _kitchen.AddWithData();
        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        Assert.Equal(await _kitchen.PredictAsync(OnnxModel.Linear(), "[[1, 2, 3, 4], [4, 3, 2, 1]]"), await Kitchen.PredictAsync(lease.Model, "[[1, 2, 3, 4], [4, 3, 2, 1]]"));
    }

    [Fact]
    public async Task Data_that_a_loaded_model_maps_stay_on_the_disk_until_it_is_unloaded()
    {
        await using var kitchen = new Kitchen(new InferenceLimits { ArtifactCacheBytes = 1 << 20 });
        var model = kitchen.AddWithData();
        (await kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
        string folder;
        using (var file = await kitchen.Files.RentAsync(model.Sha256, model.Bytes, model.Files, CancellationToken.None))
            folder = Path.GetDirectoryName(file.Path)!;

        await FillAsync(450);
        Assert.True(Directory.Exists(folder));
        await kitchen.Sessions.DisposeAsync();
        await FillAsync(451);
        Assert.False(Directory.Exists(folder));

        async Task FillAsync(int size)
        {
            foreach (var other in new[] { size, size + 10 })
            {
                var large = kitchen.Add(OnnxModel.MatMul(other));
                (await kitchen.Files.RentAsync(large.Sha256, large.Bytes, CancellationToken.None)).Dispose();
            }
        }
    }

    [Fact]
    public async Task A_request_that_is_cancelled_already_does_not_run()
    {
        using var lease = await _kitchen.LeaseAsync(GatedLoop());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Kitchen.PredictAsync(lease.Model, "3", new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_run_beyond_its_time_is_stopped_and_the_model_goes_on_serving()
    {
        await using var kitchen = new Kitchen(new InferenceLimits { RunSeconds = 0.05 });
        using var lease = await kitchen.LeaseAsync(GatedLoop());

        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<RunTimeoutException>(() => Kitchen.PredictAsync(lease.Model, "4000000000000000000"));
            Assert.Equal("A run of model:1 took longer than 0.05 s and was stopped.", error.Message);
            Assert.Equal(["3"], await Kitchen.PredictAsync(lease.Model, "3"));
        }
    }

    [Fact]
    public async Task A_long_run_does_not_hold_the_callers_thread()
    {
        using var lease = await _kitchen.LeaseAsync(GatedLoop());
        for (var i = 0; i < 3; i++)
            await Kitchen.PredictAsync(lease.Model, "200000");
        using var cancellation = new CancellationTokenSource();

        // On this thread it would never come back.
        var run = Kitchen.PredictAsync(lease.Model, "4000000000000000000", cancellation.Token);

        Assert.False(run.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task What_a_node_refuses_is_the_inputs_fault_and_told_without_source_files()
    {
        Assert.Equal(
            "model cannot take this input: its Gather node 'look_up' failed: indices element out of data bounds, idx=10 must be within the inclusive range [-3,2].",
            await RefusalAsync(
                new OnnxModel().Input("i", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1)
                    .Initializer(OnnxTensor.Of("t", [1f, 2, 3], 3)).Node("Gather", ["t", "i"], ["y"], name: "look_up"),
                "[10]"));
        Assert.Equal(
            "model cannot take this input: its Add node 'sum' failed: axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 2 by 3.",
            await RefusalAsync(
                new OnnxModel().Input("a", Datatype.Fp32, -1).Input("b", Datatype.Fp32, -1).Output("y", Datatype.Fp32, -1).Node("Add", ["a", "b"], ["y"], name: "sum"),
                """{"a":[1,2],"b":[1,2,3]}"""));
        Assert.Equal(
            "model cannot take this input: its MatMul node failed: MatMul dimension mismatch.",
            await RefusalAsync(
                new OnnxModel().Input("a", Datatype.Fp32, -1, -1).Input("b", Datatype.Fp32, -1, -1).Output("y", Datatype.Fp32, -1, -1).Node("MatMul", ["a", "b"], ["y"]),
                """{"a":[[1,2]],"b":[[1],[2],[3]]}"""));
        Assert.Equal(
            "model cannot take this input: its Div node failed: Integer division by zero.",
            await RefusalAsync(
                new OnnxModel().Input("a", Datatype.Int64, -1).Input("b", Datatype.Int64, -1).Output("y", Datatype.Int64, -1).Node("Div", ["a", "b"], ["y"]),
                """{"a":[1],"b":[0]}"""));
    }

    [Fact]
    public async Task Nothing_is_run_by_a_model_unless_that_would_end_the_process()
    {
        var onnx = OnnxModel.Linear();
        var careful = _kitchen.Add(onnx, version: "2");
        careful = careful with { Description = careful.Description with { RefusesEmptyInputs = true } };
        using var lease = await _kitchen.Sessions.LeaseAsync(careful, CancellationToken.None);

        Assert.Equal("[]", (await _kitchen.PredictAsync(onnx, "[]"))[0]);
        var refusal = await Assert.ThrowsAsync<InvalidInputException>(() => Kitchen.PredictAsync(lease.Model, "[]"));
        Assert.Equal("x expects FP32 [-1,4]; got no elements, which model cannot take", refusal.Message);
        Assert.Equal(await _kitchen.PredictAsync(onnx, "[1,2,3,4]"), await Kitchen.PredictAsync(lease.Model, "[1,2,3,4]"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public async Task Every_optimization_level_and_thread_count_predicts_the_same(int? threads)
    {
        var outputs = new List<string>();
        foreach (var level in new[] { "none", "basic", "extended", "all" })
        {
            using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), new ModelSettings { Session = new SessionSettings { Optimization = level, IntraOpThreads = threads } });
            outputs.Add((await Kitchen.PredictAsync(lease.Model, "[1,2,3,4]"))[0]);
        }

        Assert.Single(outputs.Distinct());
    }

    private async Task<string> RefusalAsync(OnnxModel model, string values) =>
        (await Assert.ThrowsAsync<InvalidInputException>(() => _kitchen.PredictAsync(model.ToBytes(), values))).Message;

    // Counts to its input.
    private static byte[] GatedLoop() => new OnnxModel()
        .Input("x", Datatype.Int64)
        .Output("y", Datatype.Int64)
        .Initializer(OnnxTensor.Of("yes", [true]))
        .Initializer(OnnxTensor.Of("none", [0L]))
        .Node(new OnnxNode("Loop", ["x", "yes", "none"], ["y"]).Graph("body", OnnxModel.Count()))
        .ToBytes();
}
