using System.Security.Cryptography;
using Larder.Inference.Limits;
using Larder.Inference.Metrics;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Bench;

/// <summary>A model in a session cache of its own.</summary>
internal sealed class Loaded : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-bench-");
    private readonly InferenceMetrics _metrics = new();

    public Loaded(byte[] onnx, ModelSettings? settings = null)
    {
        using (var session = new InferenceSession(onnx))
        {
            var description = new ModelDescription
            {
                Signature = new ModelSignature([.. session.InputMetadata.Select(Tensor)], [.. session.OutputMetadata.Select(Output)]),
                IrVersion = 8,
                Opsets = new Dictionary<string, long>(),
                RowsAreIndependent = true,
            };
            Model = new ServableModel("model", "1", Convert.ToHexStringLower(SHA256.HashData(onnx)), onnx.Length, description, settings ?? new());
        }

        var limits = new InferenceLimits();
        var files = new ArtifactFileCache(_folder.FullName, (_, stream, cancellationToken) => stream.WriteAsync(onnx, cancellationToken).AsTask(), limits, TimeProvider.System);
        Sessions = new SessionCache(files, limits, _metrics, TimeProvider.System);
    }

    public ServableModel Model { get; }

    public SessionCache Sessions { get; }

    public async ValueTask DisposeAsync()
    {
        await Sessions.DisposeAsync();
        _metrics.Dispose();
        _folder.Delete(recursive: true);
    }

    private static ValueSignature Tensor(KeyValuePair<string, NodeMetadata> value) => new()
    {
        Name = value.Key,
        Kind = ValueKind.Tensor,
        Datatype = Datatypes.FromOnnx(value.Value.ElementDataType),
        Shape = [.. value.Value.Dimensions.Select(dimension => (long)dimension)],
    };

    private static ValueSignature Output(KeyValuePair<string, NodeMetadata> value) => value.Value.IsTensor
        ? Tensor(value)
        : new() { Name = value.Key, Kind = ValueKind.Sequence };
}
