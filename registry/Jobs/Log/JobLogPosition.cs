namespace Larder.Registry.Jobs.Log;

/// <summary>A place in a log, found before: reading on from there costs one request.</summary>
/// <param name="After">Number of the line before it; 0 at the beginning.</param>
/// <param name="Offset">A byte where a line begins, at or before this place.</param>
public readonly record struct JobLogPosition(long After, long Offset);
