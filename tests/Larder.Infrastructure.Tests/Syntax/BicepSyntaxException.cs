namespace Larder.Infrastructure.Tests;

/// <summary>What this parser does not know, or what no parser would.</summary>
internal sealed class BicepSyntaxException(Position at, string message) : Exception($"{at}: {message}")
{
    public Position At { get; } = at;
}
