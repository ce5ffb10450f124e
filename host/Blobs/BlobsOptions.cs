using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>host.json's <c>extensions.blobs</c>.</summary>
internal sealed class BlobsOptions
{
    private const string Section = "extensions:blobs";

    /// <summary>What is read of it.</summary>
    public static readonly HostJsonKeys Keys = new(Section, ["maxDegreeOfParallelism", "poisonBlobThreshold", "maxPollingInterval"]);

    /// <exception cref="SelfHostException">A value cannot be used: a sentence.</exception>
    public BlobsOptions(IConfiguration settings)
    {
        var reader = new HostJsonReader(settings);
        reader.Section(Section);
        MaxDegreeOfParallelism = reader.Limit($"{Section}:maxDegreeOfParallelism", 8 * Environment.ProcessorCount) ?? int.MaxValue;
        PoisonBlobThreshold = reader.Limit($"{Section}:poisonBlobThreshold", 5) ?? int.MaxValue;
        MaxPollingInterval = reader.Time($"{Section}:maxPollingInterval") ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>How many blobs are handled at a time, by all functions together. 8 for each core by default, as in the real host.</summary>
    public int MaxDegreeOfParallelism { get; }

    /// <summary>How often a blob is tried before it is given up. 5 by default, as in the real host.</summary>
    public int PoisonBlobThreshold { get; }

    /// <summary>How long at most there is between two looks into an idle container. Only the embedded host has it.</summary>
    public TimeSpan MaxPollingInterval { get; }
}
