using Larder.Inference.Settings;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>What the server asks of the trial process: one line of JSON on its standard input.</summary>
/// <param name="Path">The ONNX file, scanned already.</param>
/// <param name="Session">How the server would load it.</param>
/// <param name="Seconds">When the server will lose its patience.</param>
/// <param name="Folder">Where to write its graph, to see whether clients could end the process by some values; null when it has no operator that could.</param>
/// <param name="Compilation">What to compile it to; null for a trial.</param>
internal sealed record SandboxRequest(string Path, SessionSettings Session, int Seconds, string? Folder = null, CompilationRequest? Compilation = null);
