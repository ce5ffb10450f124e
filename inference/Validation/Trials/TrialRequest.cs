namespace Larder.Inference;

/// <summary>What the server asks of the trial process: one line of JSON on its standard input.</summary>
/// <param name="Path">The ONNX file, scanned already.</param>
/// <param name="Session">How to load it.</param>
/// <param name="Seconds">When the server will lose its patience.</param>
internal sealed record TrialRequest(string Path, SessionSettings Session, int Seconds);
