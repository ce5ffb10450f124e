using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using DurableTask.AzureStorage;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Durable;

/// <summary>How this host runs orchestrations: the settings <c>SelfHost:Durable:*</c>. host.json's <c>storageProvider</c> values are the Functions host's.</summary>
internal sealed class DurableOptions
{
    public const string Section = "SelfHost:Durable";

    private const int PerProcessor = 10;
    private const int PrefetchedMessages = 16;

    /// <summary>What is read of host.json's <c>extensions.durableTask</c>, and what the settings of this class replace.</summary>
    public static readonly HostJsonKeys Keys = new(
        TaskHubName.Section, [TaskHubName.Key], ["storageProvider:*", "maxConcurrentActivityFunctions", "maxConcurrentOrchestratorFunctions"]);

    /// <summary>
    /// How long a message that a host has taken stays hidden from the others unless it is renewed: how soon the work of a killed host goes on elsewhere.
    /// A machine so busy that a step takes longer does steps again and again.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:06", "01:00:00")]
    public TimeSpan Visibility { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a host owns a partition of orchestrations unless it renews it.</summary>
    [Range(typeof(TimeSpan), "00:00:06", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The longest time between two looks into an empty queue. Not given: 250 ms on a storage emulator, else 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan? LargestPollingInterval { get; set; }

    /// <summary>Into how many queues orchestrations are divided: as many hosts can run them at once (activities: any number). Fixed once a hub exists.</summary>
    [Range(1, 16)]
    public int PartitionCount { get; set; } = 1;

    /// <summary>The most activities that this host runs at once. Not given: ten for each processor, as on the Functions host.</summary>
    [Range(1, 10_000)]
    public int? ConcurrentActivities { get; set; }

    /// <summary>The most orchestrations that this host advances at once. Not given: ten for each processor, as on the Functions host.</summary>
    [Range(1, 10_000)]
    public int? ConcurrentOrchestrations { get; set; }

    /// <summary>The provider's settings that these amount to.</summary>
    public AzureStorageOrchestrationServiceSettings ToSettings(string hub, DurableStorage storage, string workerId, ILoggerFactory loggers) => new()
    {
        AppName = hub,
        TaskHubName = hub,
        WorkerId = workerId,
        StorageAccountClientProvider = storage.Clients,
        LoggerFactory = loggers,
        PartitionCount = PartitionCount,
        ControlQueueVisibilityTimeout = Visibility,
        WorkItemQueueVisibilityTimeout = Visibility,
        LeaseInterval = Lease,
        LeaseRenewInterval = Lease / 3,
        LeaseAcquireInterval = Lease / 6,
        MaxQueuePollingInterval = LargestPollingInterval ?? TimeSpan.FromMilliseconds(storage.IsEmulator ? 250 : 1000),
        MaxConcurrentTaskActivityWorkItems = ConcurrentActivities ?? PerProcessor * Environment.ProcessorCount,
        MaxConcurrentTaskOrchestrationWorkItems = ConcurrentOrchestrations ?? PerProcessor * Environment.ProcessorCount,
        // Messages that wait in memory are not renewed: those that wait for longer than Visibility come again, and are done again.
        ControlQueueBatchSize = PrefetchedMessages,
        ControlQueueBufferThreshold = PrefetchedMessages,
        UseTablePartitionManagement = true,
        UseLegacyPartitionManagement = false,
        UseAppLease = false,
        UseInstanceTableEtag = true,
        ThrowExceptionOnInvalidDedupeStatus = true,
    };
}

/// <summary>Checks them at start.</summary>
internal sealed class DurableOptionsValidator : IValidateOptions<DurableOptions>
{
    public ValidateOptionsResult Validate(string? name, DurableOptions options)
    {
        var wrong = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(wrong.Select(result => $"{DurableOptions.Section}: {result.ErrorMessage}"));
    }
}

/// <summary>The task hub's name, which the Functions host must find too: host.json's, else the site's, else the extension's default.</summary>
internal static partial class TaskHubName
{
    /// <summary>The section of host.json.</summary>
    public const string Section = "extensions:durableTask";

    /// <summary>The name's key in it.</summary>
    public const string Key = "hubName";

    private const string Path = $"{Section}:{Key}";
    private const string Default = "TestHubName";
    private const int Longest = 45;

    /// <summary>The name.</summary>
    /// <exception cref="SelfHostException">The name that is given cannot be one.</exception>
    public static string Read(IConfiguration configuration)
    {
        var given = new HostJsonReader(configuration).Text(Path, "");
        if (given.Length == 0)
            return OfSite(configuration["WEBSITE_SITE_NAME"]) ?? Default;
        string name;
        try
        {
            name = SettingReferences.Fill(given, configuration);
        }
        catch (FormatException exception)
        {
            throw new SelfHostException($"{HostJsonFile.Name}: '{Path.Replace(':', '.')}': {exception.Message}", exception);
        }

        return ValidName().IsMatch(name)
            ? name
            : throw HostJsonReader.Wrong(Path, $"3 to {Longest} letters and digits that begin with a letter", name);
    }

    private static string? OfSite(string? site)
    {
        var name = string.Concat((site ?? "").Where(char.IsAsciiLetterOrDigit)).TrimStart("0123456789".ToCharArray());
        return name.Length == 0 ? null : name.Length < 3 ? name + "Hub" : name[..Math.Min(name.Length, Longest)];
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]{2,44}\z")]
    private static partial Regex ValidName();
}
