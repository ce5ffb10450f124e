namespace Larder.Inference;

/// <summary>What one process spends on serving models. Every limit has a safe default.</summary>
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

    /// <summary>Nesting that a JSON body may have: for the <c>JsonReaderOptions.MaxDepth</c> of whoever makes the reader.</summary>
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
}
