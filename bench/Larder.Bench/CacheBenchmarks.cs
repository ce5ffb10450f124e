using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Larder.Inference.Caching;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Bench;

/// <summary>
/// What the response cache saves and costs, on one thread, with inputs that are filled already: a run without a cache, a request that is answered with an earlier run's outputs, and one that is not, which runs and keeps its outputs. The key of
/// the inputs is part of both.
/// </summary>
public class CacheBenchmarks
{
    private readonly Dictionary<string, Case> _cases = [];

    /// <summary>The models: iris (4 floats), 784 floats into four layers of 784, 150,528 floats (an image of 224 x 224) into their highest.</summary>
    [Params("iris", "layers", "image")]
    public string Model { get; set; } = "";

    private Case Now => _cases[Model];

    /// <summary>Loads the models.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _cases["iris"] = new Case(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "iris.onnx")), 4);
        _cases["layers"] = new Case(OnnxModel.MatMul(784, 4), 784);
        _cases["image"] = new Case(OnnxModel.Linear(150_528, 10), 150_528);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        foreach (var made in _cases.Values)
            made.Dispose();
    }

#pragma warning disable CS1591 // Their names say it.
    [Benchmark(Baseline = true)]
    public void Run() => Now.Run().Dispose();

    [Benchmark]
    public void Hit() => Now.Responses.Find(ResponseKey.Of(Now.Inputs), TimeSpan.MaxValue, out _)!.Dispose();

    [Benchmark]
    public void Miss()
    {
        var key = ResponseKey.Of(Now.Inputs);
        Now.Responses.Find(key, TimeSpan.Zero, out _)?.Dispose();
        using var outputs = Now.Run();
        Now.Responses.TryAdd(key, outputs);
    }

    [Benchmark]
    public ResponseKey Key() => ResponseKey.Of(Now.Inputs);
#pragma warning restore CS1591

    private sealed class Case : IDisposable
    {
        private readonly Loaded _loaded;
        private readonly SessionLease _lease;

        public Case(byte[] onnx, int width)
        {
            _loaded = new Loaded(onnx, new ModelSettings { Cache = new CacheSettings { Enabled = true, Seconds = CacheSettings.MostSeconds } });
            _lease = _loaded.Sessions.LeaseAsync(_loaded.Model, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            Inputs = _lease.Model.RentInputs();
            var values = MemoryMarshal.Cast<byte, float>(Inputs[0].Reserve([1, width]));
            for (var i = 0; i < values.Length; i++)
                values[i] = (i * 37 % 100) / 10f;
            using var outputs = Run();
            if (!Responses.TryAdd(ResponseKey.Of(Inputs), outputs))
                throw new InvalidOperationException("The outputs are not kept.");
        }

        public PredictionInputs Inputs { get; }

        public ModelResponses Responses => _lease.Model.Responses!;

        // With one caller a run of a short model completes on the spot.
        public PredictionOutputs Run()
        {
            var running = _lease.Model.RunAsync(Inputs, CancellationToken.None);
            return running.IsCompleted ? running.Result : running.AsTask().GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            Inputs.Dispose();
            _lease.Dispose();
            _loaded.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
