using Larder.Inference.Signatures;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>What the server wants compiled: the second kind of request to the trial process.</summary>
/// <param name="Destination">Where to write the optimised graph.</param>
/// <param name="Signature">The model's inputs and outputs, as validation found them.</param>
/// <param name="Samples">Values to compare on, each in JSON; empty to make some up.</param>
/// <param name="Atol">Absolute tolerance.</param>
/// <param name="Rtol">Relative tolerance.</param>
internal sealed record CompilationRequest(string Destination, ModelSignature Signature, IReadOnlyList<string> Samples, double Atol, double Rtol);
