namespace Larder.Inference.Signatures;

/// <summary>The inputs and outputs of a model, in the order of its ONNX graph.</summary>
/// <param name="Inputs">What a prediction must be given; always tensors.</param>
/// <param name="Outputs">What a prediction answers; tensors, sequences or maps.</param>
public sealed record ModelSignature(IReadOnlyList<ValueSignature> Inputs, IReadOnlyList<ValueSignature> Outputs);
