using Larder.Inference.Limits;

namespace Larder.Orchestrations.Jobs;

/// <summary>How much a job may take in and leave behind (settings <c>Limits:Job:*</c>).</summary>
public sealed record JobLimits
{
    /// <summary>The largest script, and the largest requirements file, in bytes.</summary>
    [AtLeast(1)]
    public long ScriptBytes { get; init; } = 4L << 20;

    /// <summary>The largest data set, in bytes.</summary>
    [AtLeast(1)]
    public long DatasetBytes { get; init; } = 10L << 30;

    /// <summary>Bytes of a log that are kept; what follows is dropped, and a line says so.</summary>
    [AtLeast(1024)]
    public long LogBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of a line of the log; longer ones are cut, and marked.</summary>
    [AtLeast(80)]
    public int LogLineBytes { get; init; } = 16 << 10;

    /// <summary>Bytes of all outputs together.</summary>
    [AtLeast(1)]
    public long OutputBytes { get; init; } = 10L << 30;

    /// <summary>The most output files.</summary>
    [AtLeast(1)]
    public int OutputFiles { get; init; } = 10_000;

    /// <summary>Bytes of all environment values together.</summary>
    [AtLeast(1)]
    public int EnvironmentBytes { get; init; } = 64 << 10;
}
