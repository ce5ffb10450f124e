using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Embedded.Blobs;

/// <summary>host.json's <c>extensions.blobs</c>.</summary>
internal sealed class BlobsOptions
{
    private const string Section = "AzureFunctionsJobHost:extensions:blobs";

    /// <exception cref="FormatException">A value cannot be used: a sentence.</exception>
    public BlobsOptions(IConfiguration settings)
    {
        var section = settings.GetSection(Section);
        MaxDegreeOfParallelism = Number(section, "maxDegreeOfParallelism", 8 * Environment.ProcessorCount);
        PoisonBlobThreshold = Number(section, "poisonBlobThreshold", 5);
        MaxPollingInterval = Time(section, "maxPollingInterval", TimeSpan.FromSeconds(10));
    }

    /// <summary>How many blobs are handled at a time, by all functions together. 8 for each core by default, as in the real host.</summary>
    public int MaxDegreeOfParallelism { get; }

    /// <summary>How often a blob is tried before it is given up. 5 by default, as in the real host.</summary>
    public int PoisonBlobThreshold { get; }

    /// <summary>How long at most there is between two looks into an idle container. Only the embedded host has it.</summary>
    public TimeSpan MaxPollingInterval { get; }

    private static int Number(IConfigurationSection section, string name, int standard)
    {
        if (section[name] is not { Length: > 0 } text)
            return standard;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"host.json's extensions.blobs.{name} is '{text}', but must be a whole number from 1 on.");
    }

    private static TimeSpan Time(IConfigurationSection section, string name, TimeSpan standard)
    {
        if (section[name] is not { Length: > 0 } text)
            return standard;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? time
            : throw new FormatException($"host.json's extensions.blobs.{name} is '{text}', but must be a time such as '00:00:10'.");
    }
}
