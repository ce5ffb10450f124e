namespace Larder.Registry.Schedules;

/// <summary>
/// A run that a caller asked for, written down before its job is made: a server that takes it up after a crash comes to the same job by its key, and writes down
/// the same run in the same name.
/// </summary>
/// <param name="Key">The key under which the job is made.</param>
/// <param name="At">When it was asked for.</param>
/// <param name="Actor">Who asked.</param>
public sealed record AskedRun(string Key, DateTimeOffset At, string Actor);
