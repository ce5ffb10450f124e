using Larder.Inference;
using Larder.Inference.Signatures;

namespace Larder.Registry.Publishing;

/// <summary>Looks into a file and tells what model it is.</summary>
/// <param name="path">A local file.</param>
/// <param name="caller">Whose file it is: callers take turns.</param>
/// <param name="cancellationToken">Stops it.</param>
/// <exception cref="InvalidModelException">It is none that can be served.</exception>
public delegate Task<ModelDescription> ValidateModel(string path, string caller, CancellationToken cancellationToken);
