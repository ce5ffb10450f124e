using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.Extensions.Configuration;

namespace Microsoft.DurableTask.Embedded;

/// <summary>What host.json says below <c>extensions.durableTask</c>.</summary>
internal sealed partial record HubOptions
{
    private const string Section = "extensions:durableTask:";
    private const string DefaultHubName = "TestHubName";
    private const string SiteNameSetting = "WEBSITE_SITE_NAME";

    /// <summary>The task hub: orchestrations of hubs with different names know nothing of each other.</summary>
    public string HubName { get; init; } = DefaultHubName;

    /// <summary>How many activities run at once.</summary>
    public int MaxActivities { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many orchestrators run at once: their turns, not their lives.</summary>
    public int MaxOrchestrators { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Whether an orchestrator's code is kept in memory between its turns from the beginning, and not only when its history is long.</summary>
    public bool KeepsRuns { get; init; }

    /// <summary>The version of orchestrations that are started without one.</summary>
    public string DefaultVersion { get; init; } = "";

    /// <summary>The container of the hub.</summary>
    public string ContainerName => $"durable-{HubName.ToLowerInvariant()}";

    /// <summary>Reads host.json, and the settings that it refers to.</summary>
    /// <exception cref="FunctionsHostException">A value cannot be used: a sentence.</exception>
    public static HubOptions Read(IConfiguration configuration)
    {
        var reader = new HostJsonReader(configuration);
        var defaults = new HubOptions();
        return new HubOptions
        {
            HubName = ReadHubName(reader, configuration),
            MaxActivities = Count("maxConcurrentActivityFunctions", defaults.MaxActivities),
            MaxOrchestrators = Count("maxConcurrentOrchestratorFunctions", defaults.MaxOrchestrators),
            KeepsRuns = Switch("extendedSessionsEnabled"),
            DefaultVersion = reader.Text(Section + "defaultVersion", ""),
        };

        int Count(string name, int otherwise) =>
            reader.Limit(Section + name, otherwise) ?? throw HostJsonReader.Wrong(Section + name, "a positive whole number", "-1");

        bool Switch(string name) =>
            reader.Text(Section + name, "false") is var text && bool.TryParse(text, out var value) ? value : throw HostJsonReader.Wrong(Section + name, "true or false", text);
    }

    private static string ReadHubName(HostJsonReader reader, IConfiguration configuration)
    {
        const string path = Section + "hubName";
        var site = string.Concat((configuration[SiteNameSetting] ?? "").Where(char.IsAsciiLetterOrDigit));
        var text = reader.Text(path, ValidHubName().IsMatch(site) ? site : DefaultHubName);
        string name;
        try
        {
            name = SettingReferences.Fill(text, configuration);
        }
        catch (FormatException error)
        {
            throw new FunctionsHostException($"host.json: '{path.Replace(':', '.')}': {error.Message}", error);
        }

        return ValidHubName().IsMatch(name) ? name : throw HostJsonReader.Wrong(path, "3 to 45 letters and digits that begin with a letter", name);
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]{2,44}\z")]
    private static partial Regex ValidHubName();
}
