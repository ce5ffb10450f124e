using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

public sealed class InputPoolTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task Returned_inputs_are_rented_again()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.UInt8, -1));
        var inputs = lease.Model.RentInputs();
        inputs.Dispose();

        using var again = lease.Model.RentInputs();

        Assert.Same(inputs, again);
    }

    [Fact]
    public async Task Small_inputs_are_kept_by_number_and_large_ones_by_size()
    {
        foreach (var (bytes, kept) in new[] { (1000, 64), (1 << 20, 16), (2 << 20, 64) })
        {
            using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.UInt8, -1), new ModelSettings { Batching = new() { MaxRows = bytes % 1000 + 1 } });
            var first = Enumerable.Range(0, 100).Select(_ => lease.Model.RentInputs()).ToList();
            foreach (var inputs in first)
            {
                inputs[0].Reserve([bytes]);
                inputs.Dispose();
            }

            var second = Enumerable.Range(0, 100).Select(_ => lease.Model.RentInputs()).ToHashSet();

            // Of those above 1 MiB the memory is freed, and what remains is small.
            Assert.Equal(kept, first.Count(second.Contains));
        }
    }

    [Fact]
    public async Task Inputs_that_grow_when_they_are_rented_again_are_counted_with_their_new_size()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.UInt8, -1));
        foreach (var (bytes, kept) in new[] { (1000, 64), (1 << 20, 16) })
        {
            var first = Enumerable.Range(0, 64).Select(_ => lease.Model.RentInputs()).ToList();
            foreach (var inputs in first)
            {
                inputs[0].Reserve([bytes]);
                inputs.Dispose();
            }

            var second = Enumerable.Range(0, 64).Select(_ => lease.Model.RentInputs()).ToList();
            Assert.Equal(kept, first.Count(second.Contains));
            second.ForEach(inputs => inputs.Dispose());
        }
    }

    [Fact]
    public async Task Models_that_are_freed_take_nothing_from_what_the_pools_of_others_may_keep()
    {
        // The pool of one model may keep 16 MiB, those of all models 64.
        for (var i = 0; i < 6; i++)
        {
            using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.UInt8, -1), new ModelSettings { Batching = new() { MaxRows = i + 1 } });
            var first = Enumerable.Range(0, 16).Select(_ => lease.Model.RentInputs()).ToList();
            foreach (var inputs in first)
            {
                inputs[0].Reserve([1 << 20]);
                inputs.Dispose();
            }

            var second = Enumerable.Range(0, 16).Select(_ => lease.Model.RentInputs()).ToHashSet();
            Assert.Equal(16, first.Count(second.Contains));
            foreach (var inputs in second)
                inputs.Dispose();
            _kitchen.Sessions.Unload(lease.Model.Model.Name);
        }
    }

    [Fact]
    public async Task Inputs_returned_after_their_model_was_freed_do_no_harm()
    {
        var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.UInt8, -1));
        var inputs = lease.Model.RentInputs();
        inputs[0].Reserve([4]);
        _kitchen.Sessions.Unload(lease.Model.Model.Name);
        lease.Dispose();
        Assert.Equal(0, _kitchen.Sessions.LoadedModels);

        inputs.Dispose();
        inputs.Dispose();

        Assert.NotSame(inputs, lease.Model.RentInputs());
    }
}
