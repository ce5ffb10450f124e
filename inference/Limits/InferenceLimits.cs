namespace Larder.Inference;

/// <summary>What one process spends on serving models. Every limit has a safe default; <see cref="Validate"/> is called once at start-up.</summary>
public sealed record InferenceLimits
{
    /// <summary>Bytes that loaded sessions may hold together, by estimate (<see cref="SessionCache"/>).</summary>
    public long LoadedBytes { get; init; } = 2L << 30;

    /// <summary>Bytes of model files kept on the local disk (<see cref="ArtifactFileCache"/>).</summary>
    public long ArtifactCacheBytes { get; init; } = 10L << 30;

    /// <summary>Bytes that one input tensor of one run may hold.</summary>
    public long TensorBytes { get; init; } = 64L << 20;

    /// <summary>Nesting that a JSON body may have: for the <c>JsonReaderOptions.MaxDepth</c> of whoever makes the reader.</summary>
    public int JsonDepth { get; init; } = 64;

    /// <summary>Seconds that one run may take before it is stopped at its next node.</summary>
    public double RunSeconds { get; init; } = 30;

    /// <summary>Requests of one model that may wait for a run; more are refused (<see cref="ModelBusyException"/>).</summary>
    public int QueuedRuns { get; init; } = 1024;

    /// <summary>Seconds for which a failed load is not tried again.</summary>
    public double LoadRetrySeconds { get; init; } = 5;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names the setting and its range.</exception>
    public void Validate()
    {
        Require(LoadedBytes >= 1 << 20, "LoadedBytes must be at least 1048576 (1 MiB)");
        Require(ArtifactCacheBytes >= 1 << 20, "ArtifactCacheBytes must be at least 1048576 (1 MiB)");
        // A tensor lives in one managed array.
        Require(TensorBytes is >= 1024 and <= 1 << 30, "TensorBytes must be from 1024 to 1073741824 (1 GiB)");
        Require(JsonDepth is >= 8 and <= 1000, "JsonDepth must be from 8 to 1000");
        Require(RunSeconds is > 0 and <= 86_400, "RunSeconds must be above 0 and at most 86400");
        Require(QueuedRuns is >= 1 and <= 1_000_000, "QueuedRuns must be from 1 to 1000000");
        Require(LoadRetrySeconds is >= 0 and <= 3600, "LoadRetrySeconds must be from 0 to 3600");
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
            throw new ArgumentException($"Limits:{sentence}.");
    }
}
