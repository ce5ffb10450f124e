namespace Larder.Infrastructure.Tests;

/// <summary>Where something stands in a file; both count from 1.</summary>
internal readonly record struct Position(int Line, int Column)
{
    public override string ToString() => $"{Line}:{Column}";
}
