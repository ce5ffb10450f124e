using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Bench;

/// <summary>Sixteen callers, each with one request of one row in flight, on a slow and on a very fast model; the time is that of one request in the stream.</summary>
public class BatchingBenchmarks
{
    private const int Callers = 16;
    private const int Requests = 200;
    private Loaded _loaded = null!;
    private SessionLease _lease;

    /// <summary>Whether requests may be run together.</summary>
    [Params(false, true)]
    public bool Batching { get; set; }

    /// <summary>The model: the matrix product is about a hundred times the work of the classifier.</summary>
    [Params("MatMul 512x512 x4", "classifier with maps")]
    public string Model { get; set; } = "";

    /// <summary>Loads the model. The in-process toolchain does not wait for a set-up that is a task.</summary>
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    private async Task SetUpAsync()
    {
        var onnx = Model.StartsWith("MatMul", StringComparison.Ordinal) ? OnnxModel.MatMul(512, 4) : OnnxModel.ZipMap();
        _loaded = new Loaded(onnx, new ModelSettings { Batching = new BatchingSettings { Enabled = Batching } });
        _lease = await _loaded.Sessions.LeaseAsync(_loaded.Model, CancellationToken.None);
    }

    private async Task CleanUpAsync()
    {
        _lease.Dispose();
        await _loaded.DisposeAsync();
    }

    /// <summary>All callers at once.</summary>
    [Benchmark(OperationsPerInvoke = Callers * Requests)]
    public Task Sixteen_callers() => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallAsync)));

    private async Task CallAsync()
    {
        for (var i = 0; i < Requests; i++)
        {
            using var inputs = _lease.Model.RentInputs();
            Fill(inputs[0]);
            using var outputs = await _lease.Model.RunAsync(inputs, CancellationToken.None);
        }
    }

    private static void Fill(TensorBuffer tensor) =>
        MemoryMarshal.Cast<byte, float>(tensor.Reserve([1, tensor.Signature.Shape![1]])).Fill(0.5f);
}
