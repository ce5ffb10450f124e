using Larder.Inference.Limits;

namespace Larder.Inference.Sessions;

/// <summary>A model needs more memory than all loaded models may hold together (<see cref="InferenceLimits.LoadedBytes"/>).</summary>
public sealed class ModelTooLargeException(string message) : Exception(message);
