using System.Text;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

/// <summary>Outputs whose memory is used again: they must be those of their own request, for as long as it has them.</summary>
public sealed class BoundOutputsTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task Outputs_are_bound_with_the_second_run_of_one_row_and_give_what_they_gave_before()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), rowsAreIndependent: true);

        var first = await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        Assert.Null(Rented(lease.Model));
        var second = await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        Assert.NotNull(Rented(lease.Model));
        var third = await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        var other = await Kitchen.PredictAsync(lease.Model, "[[4,1,5,2]]");

        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.Equal(await Unbound("[[4,1,5,2]]"), other);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task Runs_of_one_row_and_of_several_in_turns_give_each_its_own()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), rowsAreIndependent: true);
        string[] bodies = ["[[2,5,1,4]]", "[[2,5,1,4],[4,1,5,2]]", "[]", "[[4,1,5,2]]", "[[4,1,5,2]]", "[[0,0,0,1]]", "[[1,0,0,0],[0,1,0,0],[0,0,1,0]]", "[[0,0,0,1]]", "[[2,5,1,4]]", "[[2,5,1,4]]"];

        for (var i = 0; i < 3; i++)
        {
            foreach (var body in bodies)
                Assert.Equal(await Unbound(body), await Kitchen.PredictAsync(lease.Model, body));
        }
    }

    [Fact]
    public async Task Outputs_of_a_request_do_not_change_while_it_has_them()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), rowsAreIndependent: true);
        for (var i = 0; i < 3; i++)
            await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        Assert.NotNull(Rented(lease.Model));

        PredictionOutputs kept;
        using (var inputs = lease.Model.RentInputs())
        {
            Kitchen.Read(inputs, Encoding.UTF8.GetBytes("[[4,1,5,2]]"));
            kept = await lease.Model.RunAsync(inputs, CancellationToken.None);
        }

        for (var i = 0; i < 5; i++)
            await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        using (kept)
            Assert.Equal(await Unbound("[[4,1,5,2]]"), Enumerable.Range(0, kept.Count).Select(output => Kitchen.Write(kept, output)));
        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task Many_callers_at_once_get_the_outputs_of_their_own_rows()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), rowsAreIndependent: true);
        var expected = new Dictionary<string, string[]>();
        for (var i = 0; i < 16; i++)
            expected[$"[[{i},{2 * i},1,{16 - i}]]"] = await Unbound($"[[{i},{2 * i},1,{16 - i}]]");

        await Parallel.ForEachAsync(expected, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (row, cancellationToken) =>
        {
            for (var i = 0; i < 500; i++)
                Assert.Equal(row.Value, await Kitchen.PredictAsync(lease.Model, row.Key, cancellationToken));
        });

        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task A_model_whose_outputs_have_another_shape_than_its_signature_says_is_run_without()
    {
        var model = _kitchen.Add(OnnxModel.Identity(Datatype.Fp32, "batch", 4), rowsAreIndependent: true);
        model = model with { Description = model.Description with { Signature = model.Description.Signature with { Outputs = [model.Description.Signature.Outputs[0] with { Shape = [-1, 3] }] } } };
        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        for (var i = 0; i < 4; i++)
            Assert.Equal(["[[1,2,3,4]]"], await Kitchen.PredictAsync(lease.Model, "[[1,2,3,4]]"));
        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task An_input_that_the_model_rejects_gets_its_reason_and_later_ones_their_outputs()
    {
        var table = new OnnxModel()
            .Input("i", Datatype.Int64, "batch", 1)
            .Output("y", Datatype.Fp32, "batch", 1)
            .Initializer(OnnxTensor.Of("t", [1f, 2, 3], 3))
            .Node("Gather", ["t", "i"], ["y"], name: "look_up")
            .ToBytes();
        using var lease = await _kitchen.LeaseAsync(table, rowsAreIndependent: true);
        for (var i = 0; i < 3; i++)
            Assert.Equal(["[[3]]"], await Kitchen.PredictAsync(lease.Model, "[[2]]"));
        Assert.NotNull(Rented(lease.Model));

        var refused = await Assert.ThrowsAsync<InvalidInputException>(() => Kitchen.PredictAsync(lease.Model, "[[7]]"));

        Assert.Contains("look_up", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["[[2]]"], await Kitchen.PredictAsync(lease.Model, "[[1]]"));
        Assert.NotNull(Rented(lease.Model));
        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task Models_whose_rows_depend_on_each_other_or_whose_outputs_are_large_texts_or_maps_are_not_bound()
    {
        Assert.True(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.Linear(), rowsAreIndependent: true)));
        Assert.False(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.Linear())));
        Assert.False(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.ZipMap(), rowsAreIndependent: true)));
        Assert.False(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.Identity(Datatype.Fp32, "batch", 2000), rowsAreIndependent: true)));
        Assert.False(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.Identity(Datatype.Bytes, "batch", 2), rowsAreIndependent: true)));
        Assert.False(BoundOutputs.Suit(Kitchen.Describe(OnnxModel.Identity(Datatype.Fp32, "batch", "columns"), rowsAreIndependent: true)));

        using var lease = await _kitchen.LeaseAsync(OnnxModel.ZipMap(), rowsAreIndependent: true);
        for (var i = 0; i < 3; i++)
            await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        Assert.Null(Rented(lease.Model));
    }

    [Fact]
    public async Task A_warm_run_of_bound_outputs_allocates_next_to_nothing()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Linear(), rowsAreIndependent: true);
        // Until the model is known to be fast.
        for (var i = 0; i < 500; i++)
            await Kitchen.PredictAsync(lease.Model, "[[2,5,1,4]]");
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, Encoding.UTF8.GetBytes("[[2,5,1,4]]"));
        for (var i = 0; i < 500; i++)
            Run();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Run();

        // The object of the outputs.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 1, 64);

        void Run()
        {
            var running = lease.Model.RunAsync(inputs, CancellationToken.None);
            Assert.True(running.IsCompletedSuccessfully);
            running.Result.Dispose();
        }
    }

    private static BoundOutputs? Rented(LoadedModel model)
    {
        using var inputs = model.RentInputs();
        return inputs.Bound;
    }

    private async Task<string[]> Unbound(string values)
    {
        var model = _kitchen.Add(OnnxModel.Linear(), name: "unbound");
        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
        return await Kitchen.PredictAsync(lease.Model, values);
    }
}
