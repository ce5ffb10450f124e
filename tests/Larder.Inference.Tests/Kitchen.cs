using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Metrics;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tests;

/// <summary>A session cache over models in memory, in a folder of its own; and predictions from JSON to JSON.</summary>
internal sealed class Kitchen : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _artifacts = new();

    public Kitchen(InferenceLimits? limits = null, TimeProvider? time = null)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("larder-kitchen-").FullName;
        Limits = limits ?? new InferenceLimits();
        new InferenceSettingsValidator().Check("Limits", Limits);
        Time = time ?? TimeProvider.System;
        Files = OpenFiles();
        Sessions = new SessionCache(Files, Limits, Metrics, Time);
    }

    public string Directory { get; }

    public InferenceLimits Limits { get; }

    public TimeProvider Time { get; }

    public InferenceMetrics Metrics { get; } = new();

    public ArtifactFileCache Files { get; }

    public SessionCache Sessions { get; }

    /// <summary>Called before an artifact is written; replaces its bytes when it answers any.</summary>
    public Func<string, Task<byte[]?>> BeforeFetch { get; set; } = _ => Task.FromResult<byte[]?>(null);

    public int Fetches { get; private set; }

    public static ServableModel Describe(byte[] onnx, ModelSettings? settings = null, string name = "model", string version = "1", bool rowsAreIndependent = false)
    {
        using var session = new InferenceSession(onnx);
        var description = new ModelDescription
        {
            Signature = SignatureReader.Read(session),
            IrVersion = 8,
            Opsets = new Dictionary<string, long>(),
            RowsAreIndependent = rowsAreIndependent,
        };
        return new ServableModel(name, version, Convert.ToHexStringLower(SHA256.HashData(onnx)), onnx.Length, description, settings ?? new());
    }

    public ServableModel Add(byte[] onnx, ModelSettings? settings = null, string name = "model", string version = "1", bool rowsAreIndependent = false)
    {
        var model = Describe(onnx, settings, name, version, rowsAreIndependent);
        _artifacts[model.Sha256] = onnx;
        return model;
    }

    /// <summary>A model with a data file, which is <see cref="Larder.Testing.Onnx.OnnxModel.Linear(int, int)"/> in two files.</summary>
    public ServableModel AddWithData()
    {
        var (onnx, data) = Larder.Testing.Onnx.OnnxModel.LinearWithData();
        ModelFile[] files = [Stored("model.onnx", onnx), Stored("model.onnx.data", data)];
        var inOne = Describe(Larder.Testing.Onnx.OnnxModel.Linear());
        return inOne with { Sha256 = ModelFile.ManifestSha256(files), Bytes = files.Sum(file => file.SizeBytes), Files = files };

        ModelFile Stored(string name, byte[] bytes)
        {
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
            _artifacts[sha256] = bytes;
            return new ModelFile(name, sha256, bytes.Length, 0);
        }
    }

    public ArtifactFileCache OpenFiles() => new(Directory, FetchAsync, Limits, Time);

    public async Task<SessionLease> LeaseAsync(byte[] onnx, ModelSettings? settings = null, bool rowsAreIndependent = false) =>
        await Sessions.LeaseAsync(Add(onnx, settings, rowsAreIndependent: rowsAreIndependent), CancellationToken.None);

    /// <summary>The outputs for <c>values</c>, each as JSON.</summary>
    public async Task<string[]> PredictAsync(byte[] onnx, string values)
    {
        using var lease = await LeaseAsync(onnx);
        return await PredictAsync(lease.Model, values);
    }

    public static async Task<string[]> PredictAsync(LoadedModel model, string values, CancellationToken cancellationToken = default)
    {
        // The test's lease may end first, when an assertion fails: the model would be freed under the run, and the process end. A closed model gives none.
        var isLeased = model.TryLease();
        try
        {
            using var inputs = model.RentInputs();
            Read(inputs, Encoding.UTF8.GetBytes(values));
            using var outputs = await model.RunAsync(inputs, cancellationToken);
            return [.. Enumerable.Range(0, outputs.Count).Select(i => Write(outputs, i))];
        }
        finally
        {
            if (isLeased)
                model.Release();
        }
    }

    public static void Read(PredictionInputs inputs, byte[] json) => Read(inputs, new ReadOnlySequence<byte>(json));

    public static void Read(PredictionInputs inputs, ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        reader.Read();
        inputs.Read(ref reader);
        // As a caller does who goes on to the end of the body.
        while (reader.Read())
        {
        }
    }

    public static string Write(PredictionOutputs outputs, int output)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            outputs.WriteValue(output, writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public async ValueTask DisposeAsync()
    {
        await Sessions.DisposeAsync();
        Metrics.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private async Task FetchAsync(string sha256, Stream destination, CancellationToken cancellationToken)
    {
        Fetches++;
        var bytes = await BeforeFetch(sha256) ?? _artifacts[sha256];
        // In pieces, as a download comes.
        foreach (var piece in bytes.Chunk(1000))
            await destination.WriteAsync(piece, cancellationToken);
    }
}
