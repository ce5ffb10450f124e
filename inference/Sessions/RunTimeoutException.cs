using Larder.Inference.Limits;

namespace Larder.Inference.Sessions;

/// <summary>A run took longer than <see cref="InferenceLimits.RunSeconds"/> and was stopped.</summary>
public sealed class RunTimeoutException(string message) : Exception(message);
