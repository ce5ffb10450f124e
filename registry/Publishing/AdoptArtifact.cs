namespace Larder.Registry.Publishing;

/// <summary>Takes a published file over, so that serving it needs no download. It may move the file away.</summary>
/// <param name="path">The local file.</param>
/// <param name="sha256">SHA-256 of its bytes.</param>
/// <param name="cancellationToken">Stops it.</param>
public delegate Task AdoptArtifact(string path, string sha256, CancellationToken cancellationToken);
