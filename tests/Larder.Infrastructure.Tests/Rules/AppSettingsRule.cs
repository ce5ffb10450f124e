using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>local.settings.sample.json says what can be set; the template sets what has another value in Azure, and nothing that does not exist.</summary>
internal static partial class AppSettingsRule
{
    /// <summary>What an instance of Flex Consumption has, whatever its memory.</summary>
    private const long InstanceDisk = 800_000_000;

    private const string BodyLimit = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

    /// <summary>The host's own, without which it does not start with an identity; Durable Functions needs all three services.</summary>
    private static readonly string[] Host =
    [
        "AzureWebJobsStorage:credential", "AzureWebJobsStorage:clientId", "AzureWebJobsStorage:blobServiceUri", "AzureWebJobsStorage:queueServiceUri",
        "AzureWebJobsStorage:tableServiceUri", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", BodyLimit,
    ];

    /// <summary>Empty in the sample, and rightly so in Azure.</summary>
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["AzureWebJobsStorage"] = "a connection string has a key, and the account's keys are off",
        ["AzuriteLocation"] = "self-host only",
        ["FunctionKeys:default"] = "the settings of a function app have hashes, by the parameters adminTokenSha256 and access",
        ["MasterKey"] = "as FunctionKeys:default",
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
        ["Webhooks:EncryptionKey"] = "a secret, which a deployment that wants one keeps in a vault",
        ["Tracking:Uri"] = "the app's own host name is right",
        ["Jobs:ContainerInstances:ArmEndpoint"] = "the public cloud's is the default",
        ["Jobs:ContainerInstances:ArmAudience"] = "as ArmEndpoint",
        ["Jobs:ContainerInstances:AuthorityHost"] = "as ArmEndpoint",
    };

    /// <summary>Larger in the sample than an instance is, and right all the same.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["Limits:Job:OutputBytes"] = "outputs are on the disk of the job's container",
        ["Limits:Import:ArchiveBytes"] = "archives are read where they are in storage",
        ["Limits:Import:ExpandedBytes"] = "archives are read a file at a time",
    };

    /// <summary>Sections of settings that the self-host reads, or jobs on its machine.</summary>
    private static readonly string[] NotOfAzure = ["Jobs:Process:", "SelfHost:"];

    /// <param name="sample">The text of the sample.</param>
    /// <param name="settings">Names as they are deployed, with their values.</param>
    /// <param name="app">What the app's sources say.</param>
    public static IEnumerable<string> Findings(string sample, IReadOnlyDictionary<string, string> settings, AppFacts app)
    {
        using var json = JsonDocument.Parse(sample);
        var known = json.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
        var deployed = settings.ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value);
        return Missing(known, deployed).Concat(Unknown(known, deployed)).Concat(Limits(known, deployed, app)).Concat(Polling(settings, app)).ToList();
    }

    private static IEnumerable<string> Missing(Dictionary<string, string> sample, Dictionary<string, string> deployed)
    {
        foreach (var key in Host.Except(deployed.Keys))
            yield return $"{key} is not set: the host needs it";
        foreach (var key in NamedForAzure(sample).Except(deployed.Keys).Except(Host))
            yield return $"{key} is not set: the sample names it for Azure";
        foreach (var (key, value) in sample)
        {
            if (value.Length == 0 && !IsComment(key) && !deployed.ContainsKey(key) && !LeftOut.ContainsKey(key) && !IsOfOtherHosts(key))
                yield return $"{key} is not set: it has no default";
        }
    }

    private static IEnumerable<string> Unknown(Dictionary<string, string> sample, Dictionary<string, string> deployed) =>
        from key in deployed.Keys
        where !sample.ContainsKey(key) && !Host.Contains(key) && !Disabled().IsMatch(key)
        select $"{key} is set: the sample does not have it";

    private static IEnumerable<string> Limits(Dictionary<string, string> sample, Dictionary<string, string> deployed, AppFacts app)
    {
        foreach (var (key, value) in sample)
        {
            if (key.EndsWith("Bytes", StringComparison.Ordinal) && !IsComment(key) && !deployed.ContainsKey(key) && !IsOfOtherHosts(key) && !Elsewhere.ContainsKey(key)
                && Number(value) > InstanceDisk)
            {
                yield return $"{key} is not set: an instance does not hold {value} bytes";
            }
        }

        // The host reads a body before the app does.
        if (deployed.TryGetValue(BodyLimit, out var limit) && deployed.TryGetValue("Limits:ModelBytes", out var model) && Number(limit) != Number(model) + app.FormOverhead)
            yield return $"{BodyLimit} is {limit}: the app takes {Number(model) + app.FormOverhead} bytes";
    }

    private static IEnumerable<string> Polling(IReadOnlyDictionary<string, string> settings, AppFacts app) =>
        from function in app.PollingFunctions
        where settings.GetValueOrDefault($"AzureWebJobs.{function}.Disabled") != "true"
        select $"{function} polls for blobs, which Flex Consumption does not have, and is not disabled";

    /// <summary>What a comment says of Azure: whole names, or the end of the one that is commented on.</summary>
    private static IEnumerable<string> NamedForAzure(Dictionary<string, string> sample) =>
        from comment in sample
        where IsComment(comment.Key)
        from name in Setting().Matches(ForAzure().Match(comment.Value).Value)
        select (name.Value.StartsWith('_') ? comment.Key[1..] + name.Value : name.Value).Replace("__", ":", StringComparison.Ordinal);

    private static bool IsComment(string key) => key.StartsWith('_');

    private static bool IsOfOtherHosts(string key) => NotOfAzure.Any(section => key.StartsWith(section, StringComparison.Ordinal));

    private static long Number(string value) => long.Parse(value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^AzureWebJobs\.\w+\.Disabled$")]
    private static partial Regex Disabled();

    [GeneratedRegex("In Azure: [^.]*")]
    private static partial Regex ForAzure();

    [GeneratedRegex("[A-Za-z]*__[A-Za-z]+")]
    private static partial Regex Setting();
}
