namespace Larder.Host.Library;

/// <summary>What is on the shelf.</summary>
public sealed record ShelfOptions(string Content);
