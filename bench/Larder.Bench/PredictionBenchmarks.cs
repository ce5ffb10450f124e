using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Bench;

/// <summary>
/// A warm prediction on one thread, from JSON to JSON (lease, parse, run, write, dispose), next to the bare run of the same session options
/// over an input that is there already.
/// </summary>
public class PredictionBenchmarks
{
    private readonly RunOptions _runOptions = new();
    private readonly ArrayBufferWriter<byte> _answer = new(1 << 16);
    private readonly Utf8JsonWriter _writer;
    private Case _iris = null!;
    private Case _irisBatch = null!;
    private Case _classifier = null!;
    private Case _wide = null!;

    /// <summary>Makes the writer that all cases share.</summary>
    public PredictionBenchmarks() => _writer = new Utf8JsonWriter(_answer);

    /// <summary>Loads the models. The in-process toolchain does not wait for a set-up that is a task.</summary>
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    private async Task SetUpAsync()
    {
        var iris = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "iris.onnx"));
        _iris = await Case.MakeAsync(iris, 1, 4);
        _irisBatch = await Case.MakeAsync(iris, 64, 4);
        _classifier = await Case.MakeAsync(OnnxModel.ZipMap(), 1, 4);
        _wide = await Case.MakeAsync(OnnxModel.Linear(784, 10), 1, 784);
    }

    private async Task CleanUpAsync()
    {
        foreach (var made in new[] { _iris, _irisBatch, _classifier, _wide })
            await made.DisposeAsync();
    }

#pragma warning disable CS1591 // Their names say it.
    [Benchmark(Baseline = true), BenchmarkCategory("iris, 1 row")]
    public void Iris_bare_run() => Bare(_iris);

    [Benchmark, BenchmarkCategory("iris, 1 row")]
    public void Iris_prediction() => Predict(_iris);

    [Benchmark(Baseline = true), BenchmarkCategory("iris, 64 rows")]
    public void Iris_batch_bare_run() => Bare(_irisBatch);

    [Benchmark, BenchmarkCategory("iris, 64 rows")]
    public void Iris_batch_prediction() => Predict(_irisBatch);

    [Benchmark(Baseline = true), BenchmarkCategory("classifier with maps, 1 row")]
    public void Classifier_bare_run() => Bare(_classifier);

    [Benchmark, BenchmarkCategory("classifier with maps, 1 row")]
    public void Classifier_prediction() => Predict(_classifier);

    [Benchmark(Baseline = true), BenchmarkCategory("784 floats, 1 row")]
    public void Wide_bare_run() => Bare(_wide);

    [Benchmark, BenchmarkCategory("784 floats, 1 row")]
    public void Wide_prediction() => Predict(_wide);

    [Benchmark, BenchmarkCategory("784 floats, 1 row")]
    public void Wide_parse_only() => Parse(_wide);
#pragma warning restore CS1591

    private void Bare(Case made) => made.Session.Run(_runOptions, made.InputNames, made.Inputs, made.OutputNames).Dispose();

    private static void Parse(Case made)
    {
        using var lease = Warm(made);
        using var inputs = lease.Model.RentInputs();
        Read(made, inputs);
    }

    private void Predict(Case made)
    {
        using var lease = Warm(made);
        using var inputs = lease.Model.RentInputs();
        Read(made, inputs);
        // With one caller a run completes on the spot.
        using var outputs = lease.Model.RunAsync(inputs, CancellationToken.None).Result;
        _answer.ResetWrittenCount();
        _writer.Reset(_answer);
        _writer.WriteStartObject();
        for (var i = 0; i < outputs.Count; i++)
        {
            _writer.WritePropertyName(made.OutputNames[i]);
            outputs.WriteValue(i, _writer);
        }

        _writer.WriteEndObject();
        _writer.Flush();
    }

    private static SessionLease Warm(Case made) => made.Loaded.Sessions.LeaseAsync(made.Loaded.Model, CancellationToken.None).Result;

    private static void Read(Case made, PredictionInputs inputs)
    {
        var reader = new Utf8JsonReader(made.Body);
        reader.Read();
        inputs.Read(ref reader);
    }

    private sealed record Case(Loaded Loaded, ReadOnlySequence<byte> Body, InferenceSession Session, string[] InputNames, OrtValue[] Inputs, string[] OutputNames)
        : IAsyncDisposable
    {
        public static async Task<Case> MakeAsync(byte[] onnx, int rows, int width)
        {
            var loaded = new Loaded(onnx);
            // Numbers as clients send them: a few digits.
            var values = Enumerable.Range(0, rows * width).Select(i => (i * 37 % 100) / 10f).ToArray();
            var body = new StringBuilder("[");
            foreach (var row in values.Chunk(width))
                body.Append(body.Length > 1 ? "," : "").Append('[').AppendJoin(',', row.Select(value => value.ToString(CultureInfo.InvariantCulture))).Append(']');
            var session = new InferenceSession(onnx, new SessionOptions { IntraOpNumThreads = 1 });
            (await loaded.Sessions.LeaseAsync(loaded.Model, CancellationToken.None)).Dispose();
            return new Case(
                loaded,
                new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body.Append(']').ToString())),
                session,
                [.. session.InputNames],
                [OrtValue.CreateTensorValueFromMemory(values, [rows, width])],
                [.. session.OutputNames]);
        }

        public async ValueTask DisposeAsync()
        {
            await Loaded.DisposeAsync();
            Session.Dispose();
        }
    }
}
