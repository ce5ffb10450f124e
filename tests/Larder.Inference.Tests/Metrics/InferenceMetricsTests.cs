using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Metrics;

public sealed class InferenceMetricsTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly Kitchen _kitchen;
    private readonly Metered _metered;

    public InferenceMetricsTests()
    {
        _kitchen = new Kitchen(new InferenceLimits { LoadedBytes = 2_000_000 }, _time);
        _metered = new Metered(_kitchen.Metrics);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metered.Dispose();
        await _kitchen.DisposeAsync();
    }

    [Fact]
    public async Task Loads_failures_evictions_and_memory_are_counted()
    {
        foreach (var name in new[] { "a", "b", "c" })
        {
            (await _kitchen.Sessions.LeaseAsync(_kitchen.Add(OnnxModel.MatMul(256), name: name), CancellationToken.None)).Dispose();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var broken = _kitchen.Add(OnnxModel.Linear());
        _kitchen.BeforeFetch = _ => throw new IOException();
        await Assert.ThrowsAsync<ModelLoadException>(() => _kitchen.Sessions.LeaseAsync(broken, CancellationToken.None).AsTask());
        _metered.Observe();

        Assert.Equal(3, _metered["larder.inference.loads"].Sum());
        Assert.Equal(3, _metered["larder.inference.load_duration"].Length);
        Assert.Equal(1, _metered["larder.inference.load_failures"].Sum());
        Assert.Equal(1, _metered["larder.inference.evictions"].Sum());
        Assert.Equal([2], _metered["larder.inference.loaded_models"]);
        Assert.Equal([_kitchen.Sessions.LoadedBytes], _metered["larder.inference.loaded_bytes"]);
    }

    [Fact]
    public async Task Runs_are_counted_by_model_and_version()
    {
        var model = _kitchen.Add(OnnxModel.Identity(Datatype.Fp32, -1), name: "iris", version: "7");
        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        await Kitchen.PredictAsync(lease.Model, "[1,2,3]");
        await Kitchen.PredictAsync(lease.Model, "1");
        _metered.Observe();

        Assert.Equal([1, 1], _metered["larder.inference.runs"]);
        Assert.Equal([3, 1], _metered["larder.inference.batch_rows"]);
        Assert.Equal(2, _metered["larder.inference.run_duration"].Length);
        Assert.Equal([0], _metered["larder.inference.queue_depth"]);
        foreach (var name in new[] { "runs", "batch_rows", "run_duration", "queue_depth" })
            Assert.Equal(["model=iris,version=7"], _metered.Tags($"larder.inference.{name}"));
    }
}
