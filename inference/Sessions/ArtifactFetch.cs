namespace Larder.Inference.Sessions;

/// <summary>Where model files come from: writes the bytes of the artifact with this SHA-256 to a stream.</summary>
public delegate Task ArtifactFetch(string sha256, Stream destination, CancellationToken cancellationToken);
