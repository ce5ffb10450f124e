namespace Larder.Orchestrations;

/// <summary>How much a job may take in and leave behind (settings <c>Limits:Job:*</c>).</summary>
public sealed record JobLimits
{
    /// <summary>The largest script, and the largest requirements file, in bytes.</summary>
    public long ScriptBytes { get; init; } = 4L << 20;

    /// <summary>The largest data set, in bytes.</summary>
    public long DatasetBytes { get; init; } = 10L << 30;

    /// <summary>Bytes of a log that are kept; what follows is dropped, and a line says so.</summary>
    public long LogBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of a line of the log; longer ones are cut, and marked.</summary>
    public int LogLineBytes { get; init; } = 16 << 10;

    /// <summary>Bytes of all outputs together.</summary>
    public long OutputBytes { get; init; } = 10L << 30;

    /// <summary>The most output files.</summary>
    public int OutputFiles { get; init; } = 10_000;

    /// <summary>Bytes of all environment values together.</summary>
    public int EnvironmentBytes { get; init; } = 64 << 10;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ScriptBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DatasetBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(LogBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(LogLineBytes, 80);
        ArgumentOutOfRangeException.ThrowIfLessThan(OutputBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OutputFiles, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(EnvironmentBytes, 1);
    }
}
