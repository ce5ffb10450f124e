using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>local.settings.sample.json says what can be set; Bicep sets what has another value in Azure.</summary>
public sealed partial class SettingsTests
{
    private const long InstanceDisk = 800_000_000;

    /// <summary>Settings of the host, not of Larder.</summary>
    private static readonly string[] s_host =
    [
        "AzureWebJobsStorage:credential", "AzureWebJobsStorage:clientId", "AzureWebJobsStorage:blobServiceUri", "AzureWebJobsStorage:queueServiceUri",
        "AzureWebJobsStorage:tableServiceUri", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    ];

    /// <summary>Empty in the sample, and not set in Azure.</summary>
    private static readonly Dictionary<string, string> s_leftOut = new()
    {
        ["AzureWebJobsStorage"] = "a connection string has a key, and the account's keys are off",
        ["AzuriteLocation"] = "embedded host only",
        ["FunctionKeys:default"] = "embedded host only: Azure has its own",
        ["MasterKey"] = "embedded host only: Azure has its own",
        ["LocalFolder"] = "the system's temporary folder is right",
        ["Jobs:ContainerInstances:ArmEndpoint"] = "the public cloud's is the default",
        ["Jobs:ContainerInstances:ArmAudience"] = "as ArmEndpoint",
        ["Jobs:ContainerInstances:AuthorityHost"] = "as ArmEndpoint",
    };

    /// <summary>Larger in the sample than an instance is, and right all the same.</summary>
    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["Limits:Job:OutputBytes"] = "outputs are on the disk of the job's container",
    };

    private static readonly Dictionary<string, string> s_sample = JsonDocument.Parse(Repository.Read("local.settings.sample.json"))
        .RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);

    [Fact]
    public void Every_deployed_setting_is_one_that_the_sample_has() =>
        Assert.Equal([], DeployedSettings.Keys.Where(key => !s_sample.ContainsKey(key) && !s_host.Contains(key) && !IsAnnounced(key)));

    [Fact]
    public void Every_setting_without_a_default_is_deployed_or_left_out_for_a_reason() =>
        Assert.Equal([], s_sample.Where(setting => setting.Value.Length == 0 && !DeployedSettings.Keys.Contains(setting.Key) && !s_leftOut.ContainsKey(setting.Key) && !IsLocal(setting.Key)));

    [Fact]
    public void Every_setting_that_the_sample_names_for_azure_is_deployed()
    {
        var named = s_sample.Where(setting => setting.Key.StartsWith('_'))
            .SelectMany(comment => ForAzure().Match(comment.Value) is { Success: true } match
                ? Setting().Matches(match.Value).Select(name => name.Value.StartsWith('_') ? comment.Key[1..] + name.Value : name.Value)
                : [])
            .Select(name => name.Replace("__", ":", StringComparison.Ordinal))
            .ToList();

        Assert.Contains("AzureWebJobsStorage:blobServiceUri", named);
        Assert.Empty(named.Except(DeployedSettings.Keys));
    }

    [Fact]
    public void No_limit_lets_more_in_than_an_instance_holds()
    {
        var large = s_sample.Where(setting => setting.Key.EndsWith("Bytes", StringComparison.Ordinal) && !setting.Key.StartsWith('_')
            && long.Parse(setting.Value, CultureInfo.InvariantCulture) > InstanceDisk).ToList();

        Assert.NotEmpty(large);
        Assert.Equal([], large.Where(setting => !DeployedSettings.Keys.Contains(setting.Key) && !s_elsewhere.ContainsKey(setting.Key) && !IsLocal(setting.Key)));
    }

    [Fact]
    public void Nothing_is_set_that_flex_consumption_refuses() =>
        Assert.Equal([], DeployedSettings.Keys.Where(key =>
            key.StartsWith("WEBSITE_", StringComparison.Ordinal) || key is "FUNCTIONS_WORKER_RUNTIME" or "FUNCTIONS_EXTENSION_VERSION" or "AzureWebJobsStorage"));

    [Fact]
    public void The_required_settings_of_durable_functions_with_an_identity_are_there() => Assert.Subset(DeployedSettings.Keys.ToHashSet(), s_host.ToHashSet());

    /// <summary>There are no local jobs in Azure.</summary>
    private static bool IsLocal(string key) => key.StartsWith("Jobs:Process:", StringComparison.Ordinal);

    /// <summary>Set ahead of the code that reads them: checked from when the sample has the first of the section.</summary>
    private static bool IsAnnounced(string key) =>
        new[] { "Store:", "Jobs:ContainerInstances:", "Jobs:Backend" }.Any(section =>
            key.StartsWith(section, StringComparison.Ordinal) && !s_sample.Keys.Any(sample => sample.StartsWith(section, StringComparison.Ordinal)));

    [GeneratedRegex("In Azure: [^.]*")]
    private static partial Regex ForAzure();

    [GeneratedRegex("[A-Za-z]*__[A-Za-z]+")]
    private static partial Regex Setting();
}
