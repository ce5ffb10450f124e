using Larder.Inference.Signatures;
using Larder.Registry.Models;

namespace Larder.Functions.Models;

/// <summary>A version as the API shows it: what the registry keeps, with the file's signature beside its other facts.</summary>
internal sealed record VersionView(
    string Model,
    int Version,
    ModelVersionStatus Status,
    string Sha256,
    long SizeBytes,
    string? FileName,
    string Description,
    IReadOnlyDictionary<string, string> Tags,
    string Source,
    string Kind,
    string? Job,
    int? OptimizedFrom,
    int? OptimizedTo,
    ModelSignature Signature,
    long IrVersion,
    IReadOnlyDictionary<string, long> Opsets,
    string? Producer,
    bool RowsAreIndependent,
    IReadOnlyDictionary<string, double> Metrics,
    IReadOnlyList<string> Labels,
    IReadOnlyList<VersionFile> Files,
    DateTimeOffset Created)
{
    /// <summary>The view of a version.</summary>
    public static VersionView Of(ModelVersion version) => new(
        version.Model,
        version.Version,
        version.Status,
        version.Sha256,
        version.SizeBytes,
        version.FileName,
        version.Description,
        version.Tags,
        version.Source,
        version.Kind,
        version.Job,
        version.OptimizedFrom,
        version.OptimizedTo,
        version.Onnx.Signature,
        version.Onnx.IrVersion,
        version.Onnx.Opsets,
        version.Onnx.Producer,
        version.Onnx.RowsAreIndependent,
        version.Metrics,
        version.Labels,
        version.Files,
        version.Created);
}
