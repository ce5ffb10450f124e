namespace Larder.Inference;

/// <summary>What a model may cost before it is trusted. Beyond a limit the file is refused with a sentence that names the limit.</summary>
public sealed record ValidationLimits
{
    /// <summary>Seconds that loading the model and running it on zeros may take together.</summary>
    [Between(1, 86_400)]
    public int LoadSeconds { get; init; } = 60;

    /// <summary>Bytes of memory that loading the model and running it on zeros may take. Default 4 GiB.</summary>
    [AtLeast(1)]
    public long TrialMemoryBytes { get; init; } = 4L << 30;

    /// <summary>Most nodes in all graphs and functions of a file.</summary>
    [AtLeast(1)]
    public int MaxNodes { get; init; } = 100_000;

    /// <summary>Most initializers in all graphs of a file.</summary>
    [AtLeast(1)]
    public int MaxInitializers { get; init; } = 100_000;

    /// <summary>Most inputs of a model, and most outputs.</summary>
    [AtLeast(1)]
    public int MaxValues { get; init; } = 1_024;

    /// <summary>Deepest nesting of protobuf messages; a subgraph takes three levels.</summary>
    [AtLeast(1)]
    public int MaxNesting { get; init; } = 32;

    /// <summary>Validations that may wait for their turn; one more is answered with <see cref="ValidatorBusyException"/>.</summary>
    [AtLeast(1)]
    public int MaxWaiting { get; init; } = 64;
}
