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
