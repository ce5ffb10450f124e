using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox.Compilation;

/// <summary>Values for all inputs of a model, in the order of its signature.</summary>
/// <param name="Label">What to call it: <c>samples[2]</c>.</param>
/// <param name="Values">The tensors.</param>
/// <param name="MustRun">False for one that was made up, which the original may reject.</param>
internal sealed record Sample(string Label, IReadOnlyList<OrtValue> Values, bool MustRun);
