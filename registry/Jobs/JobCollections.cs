using Larder.Registry.Storage;

namespace Larder.Registry.Jobs;

/// <summary>
/// Where jobs and idempotency keys are kept: each in a partition of its own, so that no partition grows, writes spread evenly, and a scan, which
/// goes by partition, has the newest jobs first.
/// </summary>
internal static class JobCollections
{
    /// <summary>The id of the one document that a job has in its partition.</summary>
    public const string JobId = "job";

    /// <summary>The id of the one document that a key has in its partition.</summary>
    public const string KeyId = "key";

    public static readonly DocumentCollection<JobDocument> Jobs = RegistryJson.Collection<JobDocument>("jobs");

    /// <summary>Partitions are hashes: a key is a client's text, and may say more than others should see.</summary>
    public static readonly DocumentCollection<JobKeyDocument> Keys = RegistryJson.Collection<JobKeyDocument>("job-keys");
}

/// <summary>A job as it is stored.</summary>
internal sealed record JobDocument
{
    public required Job Job { get; init; }

    /// <summary>Hash of the idempotency key under which it was asked for; the key goes with the job.</summary>
    public string? Key { get; init; }

    /// <summary>True from the write that ends the job until <see cref="IJobFollower"/> was told; else null.</summary>
    public bool? IsEndUntold { get; init; }
}

/// <summary>What an idempotency key stands for. It is written before the job is.</summary>
internal sealed record JobKeyDocument
{
    /// <summary>What was asked for under the key, as the caller told the same from other.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The job as it is to be created, so that the request that continues after a crash creates the same one.</summary>
    public required Job Draft { get; init; }

    /// <summary>When the key was taken, or taken up again.</summary>
    public required DateTimeOffset Taken { get; init; }
}
