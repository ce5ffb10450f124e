namespace Larder.Inference.Validation.Scanning;

/// <summary>What a scan read from an ONNX file.</summary>
/// <param name="IrVersion">ONNX IR version.</param>
/// <param name="Opsets">Operator-set versions by domain.</param>
/// <param name="Producer">Name and version of the tool that wrote it.</param>
/// <param name="Documentation">Its <c>doc_string</c>.</param>
/// <param name="Metadata">Its <c>metadata_props</c>.</param>
/// <param name="Nodes">Nodes in all graphs and functions, each function counted as one more.</param>
/// <param name="RequiresRangeAnalysis">Whether it has operators that some values of their inputs end the process for, which its graph may rule out.</param>
/// <param name="RefusesEmptyInputs">Whether it has operators that end the process when they get nothing.</param>
internal sealed record OnnxScan(
    long IrVersion,
    IReadOnlyDictionary<string, long> Opsets,
    string? Producer,
    string? Documentation,
    IReadOnlyDictionary<string, string> Metadata,
    int Nodes,
    bool RequiresRangeAnalysis,
    bool RefusesEmptyInputs);
