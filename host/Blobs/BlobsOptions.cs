using System.Globalization;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Blobs;

/// <summary>How blobs are found and tried: host.json's <c>extensions.blobs</c>, and the self-host's own setting.</summary>
internal sealed class BlobsOptions
{
    private const string Section = "extensions:blobs";
    private const string IntervalSetting = "SelfHost:Blobs:MaxPollingInterval";

    /// <summary>What is read of it.</summary>
    public static readonly HostJsonKeys Keys = new(Section, ["maxDegreeOfParallelism", "poisonBlobThreshold"]);

    /// <exception cref="SelfHostException">A value cannot be used: a sentence.</exception>
    public BlobsOptions(IConfiguration settings)
    {
        var reader = new HostJsonReader(settings);
        reader.Section(Section);
        MaxDegreeOfParallelism = reader.Limit($"{Section}:maxDegreeOfParallelism", 8 * Environment.ProcessorCount) ?? int.MaxValue;
        PoisonBlobThreshold = reader.Limit($"{Section}:poisonBlobThreshold", 5) ?? int.MaxValue;
        MaxPollingInterval = ReadInterval(settings[IntervalSetting]);
    }

    /// <summary>How many blobs are handled at a time, by all functions together. 8 for each core by default, as in the Functions host.</summary>
    public int MaxDegreeOfParallelism { get; }

    /// <summary>How often a blob is tried before it is given up. 5 by default, as in the Functions host.</summary>
    public int PoisonBlobThreshold { get; }

    /// <summary>The longest time between two listings of a container in which nothing is new. 5 seconds by default.</summary>
    public TimeSpan MaxPollingInterval { get; }

    private static TimeSpan ReadInterval(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return TimeSpan.FromSeconds(5);
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero
            ? interval
            : throw new SelfHostException($"The setting '{IntervalSetting}' must be a positive time such as 00:00:05; it is '{text}'.");
    }
}
