namespace Larder.Inference;

/// <summary>What a model may cost before it is trusted. Beyond a limit the file is refused with a sentence that names the limit.</summary>
public sealed record ValidationLimits
{
    /// <summary>Seconds that loading the model and running it on zeros may take together.</summary>
    public int LoadSeconds { get; init; } = 60;

    /// <summary>Bytes of memory that loading the model and running it on zeros may take. Default 4 GiB.</summary>
    public long TrialMemoryBytes { get; init; } = 4L << 30;

    /// <summary>Most nodes in all graphs and functions of a file.</summary>
    public int MaxNodes { get; init; } = 100_000;

    /// <summary>Most initializers in all graphs of a file.</summary>
    public int MaxInitializers { get; init; } = 100_000;

    /// <summary>Most inputs of a model, and most outputs.</summary>
    public int MaxValues { get; init; } = 1_024;

    /// <summary>Deepest nesting of protobuf messages; a subgraph takes three levels.</summary>
    public int MaxNesting { get; init; } = 32;

    /// <summary>Validations that may wait for their turn; one more is answered with <see cref="ValidatorBusyException"/>.</summary>
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Refuses limits that nothing could keep.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is not positive, or <see cref="LoadSeconds"/> is more than a day.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LoadSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LoadSeconds, 86_400);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(TrialMemoryBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxNodes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxInitializers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxValues);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxNesting);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxWaiting);
    }
}
