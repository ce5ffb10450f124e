using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;

namespace Larder.Inference.Limits;

/// <summary>Limits of one process that serves models. Every limit has a safe default.</summary>
public sealed record InferenceLimits
{
    /// <summary>Bytes that loaded sessions may hold together, by estimate (<see cref="SessionCache"/>).</summary>
    [AtLeast(1 << 20)]
    public long LoadedBytes { get; init; } = 2L << 30;

    /// <summary>Bytes of model files kept on the local disk (<see cref="ArtifactFileCache"/>).</summary>
    [AtLeast(1 << 20)]
    public long ArtifactCacheBytes { get; init; } = 10L << 30;

    /// <summary>Bytes that one input tensor of one run may hold. A tensor lives in one managed array.</summary>
    [Between(1024, 1 << 30)]
    public long TensorBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Bytes that all runs together may take for intermediate values and outputs; a run that wants more fails. Weights are not among them. ONNX Runtime holds the number in 32 bits.
    /// Empty: a quarter of the memory that the process may have, but from 64 MiB to 1 GiB.
    /// </summary>
    [Between(1 << 20, uint.MaxValue)]
    public long? RunBytes { get; init; }

    /// <summary>Most bytes of the outputs of one prediction. A larger answer is rejected before it is written.</summary>
    [Between(1024, int.MaxValue)]
    public long OutputBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Bytes of bodies, input tensors, images and outputs that requests may hold at the same time (<see cref="MemoryBudget"/>). Empty: a quarter of the memory that the process
    /// may have, but from 64 MiB to 1 GiB.
    /// </summary>
    [AtLeast(1 << 20)]
    public long? InFlightBytes { get; init; }

    /// <summary>Bytes that the cached responses of all models may hold (<see cref="CacheSettings"/>); 0 keeps none.</summary>
    [AtLeast(0)]
    public long ResponseCacheBytes { get; init; } = 64L << 20;

    /// <summary>Timeout of a request that waits for memory of other requests, in seconds.</summary>
    [Between(0, 600)]
    public double InFlightWaitSeconds { get; init; } = 30;

    /// <summary>Deepest nesting of a JSON body (<c>JsonReaderOptions.MaxDepth</c>).</summary>
    [Between(8, 1000)]
    public int JsonDepth { get; init; } = 64;

    /// <summary>Seconds that one run may take before it is stopped at its next node.</summary>
    [Between(0.001, 86_400)]
    public double RunSeconds { get; init; } = 30;

    /// <summary>Requests of one model that may wait for a run; more are refused (<see cref="ModelBusyException"/>).</summary>
    [Between(1, 1_000_000)]
    public int QueuedRuns { get; init; } = 1024;

    /// <summary>Seconds for which a failed load is not tried again.</summary>
    [Between(0, 3600)]
    public double LoadRetrySeconds { get; init; } = 5;

    internal long MostRunBytes => RunBytes ?? QuarterOfMemory;

    internal long MostInFlightBytes => InFlightBytes ?? QuarterOfMemory;

    // In a container, this is the container's memory limit.
    private static long QuarterOfMemory => Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 64L << 20, 1L << 30);
}
