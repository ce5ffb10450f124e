using Larder.Inference.Limits;

namespace Larder.Inference.Validation;

/// <summary>What a model may cost before it is trusted. Beyond a limit the file is refused with a sentence that names the limit.</summary>
public sealed record ValidationLimits
{
    // Each is a process with ONNX Runtime in it, and runs on all cores.
    private const int MostAtOnce = 64;

    /// <summary>Seconds that loading the model and running it on zeros may take together, at most: a small file has less time (<see cref="SecondsOf"/>).</summary>
    [Between(1, 86_400)]
    public int LoadSeconds { get; init; } = 60;

    /// <summary>Seconds that the smallest file has for it.</summary>
    [Between(1, 86_400)]
    public int SmallLoadSeconds { get; init; } = 10;

    /// <summary>For so many bytes a file has a second more. Default 4 MiB: with 200 MiB it has all of <see cref="LoadSeconds"/>.</summary>
    [AtLeast(1)]
    public long LoadBytesPerSecond { get; init; } = 4L << 20;

    /// <summary>Bytes of memory that loading the model and running it on zeros may take. Default 4 GiB.</summary>
    [AtLeast(1)]
    public long SandboxMemoryBytes { get; init; } = 4L << 30;

    /// <summary>
    /// Bytes of memory that all models may take which are tried at the same time: so many are as this has room for <see cref="SandboxMemoryBytes"/>, and one at
    /// least. With two or more, no caller has all places. Default 8 GiB.
    /// </summary>
    [AtLeast(1)]
    public long SandboxTotalMemoryBytes { get; init; } = 8L << 30;

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
    public int MaxWaiting { get; init; } = 256;

    /// <summary>Validations of one caller that may wait for their turn.</summary>
    [AtLeast(1)]
    public int MaxWaitingOfCaller { get; init; } = 64;

    /// <summary>How many models are tried at the same time.</summary>
    internal int SandboxSlots => (int)Math.Clamp(SandboxTotalMemoryBytes / SandboxMemoryBytes, 1, MostAtOnce);

    /// <summary>Seconds that a file of this size has.</summary>
    internal int SecondsOf(long bytes) => (int)Math.Min(LoadSeconds, SmallLoadSeconds + bytes / LoadBytesPerSecond);
}
