namespace Larder.Inference;

/// <summary>What a scan read from an ONNX file.</summary>
internal sealed record OnnxScan(
    long IrVersion,
    IReadOnlyDictionary<string, long> Opsets,
    string? Producer,
    string? Documentation,
    IReadOnlyDictionary<string, string> Metadata);
