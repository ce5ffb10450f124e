namespace Larder.Registry.Jobs.Files;

/// <summary>Where a job's files are.</summary>
/// <param name="Job">The job's id. There may be no such job (any more).</param>
/// <param name="Created">When the place was made, by the clock of the store.</param>
public sealed record JobFolder(string Job, DateTimeOffset Created);
