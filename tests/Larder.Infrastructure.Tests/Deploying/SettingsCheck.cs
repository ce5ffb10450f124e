using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>local.settings.sample.json says what can be set; Bicep sets what has another value in Azure.</summary>
internal sealed partial class SettingsCheck
{
    /// <summary>What an instance of Flex Consumption has, whatever its memory.</summary>
    private const long InstanceDisk = 800_000_000;

    /// <summary>The host's own, without which it does not start with an identity; Durable Functions needs all three services.</summary>
    private static readonly string[] s_host =
    [
        "AzureWebJobsStorage:credential", "AzureWebJobsStorage:clientId", "AzureWebJobsStorage:blobServiceUri", "AzureWebJobsStorage:queueServiceUri",
        "AzureWebJobsStorage:tableServiceUri", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    ];

    /// <summary>Empty in the sample, and rightly so in Azure.</summary>
    private static readonly Dictionary<string, string> s_leftOut = new()
    {
        ["AzureWebJobsStorage"] = "a connection string has a key, and the account's keys are off",
        ["AzuriteLocation"] = "embedded host only",
        ["FunctionKeys:default"] = "embedded host only: Azure has its own",
        ["MasterKey"] = "embedded host only: Azure has its own",
        ["Access:Keys:example:Role"] = "the owner's, by the parameter access",
        ["Access:Keys:example:Sha256"] = "the owner's, by the parameter access",
        ["Access:AppRoles:example"] = "the owner's, by the parameter access",
        ["Access:AllowedOrigins"] = "no pages but the app's own, until the owner says so",
        ["Access:AllowedHosts"] = "for servers without keys only",
        ["Limits:Rate:PerSecond"] = "empty means a number",
        ["Limits:Rate:Burst"] = "empty means a number",
        ["Limits:Scoring:UrlHosts"] = "data sets come by URL only where the owner allows a host",
        ["LocalFolder"] = "the system's temporary folder is right",
        ["Store:Cosmos:Key"] = "the account takes identities only",
        ["Jobs:ContainerInstances:ArmEndpoint"] = "the public cloud's is the default",
        ["Jobs:ContainerInstances:ArmAudience"] = "as ArmEndpoint",
        ["Jobs:ContainerInstances:AuthorityHost"] = "as ArmEndpoint",
    };

    /// <summary>Larger in the sample than an instance is, and right all the same.</summary>
    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["Limits:Job:OutputBytes"] = "outputs are on the disk of the job's container",
        ["Limits:Import:ArchiveBytes"] = "archives are read where they are in storage",
        ["Limits:Import:ExpandedBytes"] = "archives are read a file at a time",
    };

    private readonly Dictionary<string, string> _sample;
    private readonly HashSet<string> _deployed;

    /// <param name="sample">The text of the sample.</param>
    /// <param name="sources">Whose settings are the properties of every object in a variable called ...Settings.</param>
    public SettingsCheck(string sample, Sources sources)
    {
        using var json = JsonDocument.Parse(sample);
        _sample = json.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
        _deployed = sources.Files.SelectMany(file => file.All<VariableDeclaration>())
            .Where(variable => variable.Name.EndsWith("Settings", StringComparison.Ordinal))
            .SelectMany(variable => variable.Content.All().OfType<PropertyExpression>())
            .Select(property => property.Key.Text!.Replace("__", ":", StringComparison.Ordinal))
            .ToHashSet();
    }

    public IEnumerable<string> Findings()
    {
        foreach (var key in s_host.Except(_deployed))
            yield return $"{key} is not set: the host needs it";
        foreach (var key in NamedForAzure().Except(_deployed).Except(s_host))
            yield return $"{key} is not set: the sample names it for Azure";
        foreach (var key in _deployed)
        {
            if (IsRefused(key))
                yield return $"{key} is set: Flex Consumption refuses it";
            else if (!_sample.ContainsKey(key) && !s_host.Contains(key) && !IsAnnounced(key))
                yield return $"{key} is set: the sample does not have it";
        }
        foreach (var (key, value) in _sample.Where(setting => !setting.Key.StartsWith('_') && !_deployed.Contains(setting.Key) && !IsLocal(setting.Key)))
        {
            if (value.Length == 0 && !s_leftOut.ContainsKey(key))
                yield return $"{key} is not set: it has no default";
            if (IsBytes(key) && long.Parse(value, CultureInfo.InvariantCulture) > InstanceDisk && !s_elsewhere.ContainsKey(key))
                yield return $"{key} is not set: an instance does not hold {value} bytes";
        }
    }

    /// <summary>What a comment says of Azure: whole names, or the end of the one that is commented on.</summary>
    private IEnumerable<string> NamedForAzure() =>
        from comment in _sample
        where comment.Key.StartsWith('_')
        from name in Setting().Matches(ForAzure().Match(comment.Value).Value)
        select (name.Value.StartsWith('_') ? comment.Key[1..] + name.Value : name.Value).Replace("__", ":", StringComparison.Ordinal);

    private static bool IsRefused(string key) =>
        key.StartsWith("WEBSITE_", StringComparison.Ordinal) || key is "FUNCTIONS_WORKER_RUNTIME" or "FUNCTIONS_EXTENSION_VERSION" or "AzureWebJobsStorage";

    /// <summary>There are no local jobs in Azure.</summary>
    private static bool IsLocal(string key) => key.StartsWith("Jobs:Process:", StringComparison.Ordinal);

    private static bool IsBytes(string key) => key.EndsWith("Bytes", StringComparison.Ordinal);

    /// <summary>Set ahead of the code that reads them: checked from when the sample has the first of the section.</summary>
    private bool IsAnnounced(string key) =>
        new[] { "Store:", "Jobs:ContainerInstances:", "Jobs:Backend" }.Any(section =>
            key.StartsWith(section, StringComparison.Ordinal) && !_sample.Keys.Any(sample => sample.StartsWith(section, StringComparison.Ordinal)));

    [GeneratedRegex("In Azure: [^.]*")]
    private static partial Regex ForAzure();

    [GeneratedRegex("[A-Za-z]*__[A-Za-z]+")]
    private static partial Regex Setting();
}
