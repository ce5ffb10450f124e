using Larder.Registry.Models;
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
