namespace Larder.Infrastructure.Tests;

/// <summary>Something that a rule does not allow.</summary>
internal sealed record Finding(Position At, string Message);
