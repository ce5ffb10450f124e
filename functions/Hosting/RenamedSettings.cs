using Larder.Functions.Access;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Hosting;

/// <summary>
/// Refuses to start with settings that have another name since an earlier release: ignored silently, the default would apply in place of the value that the
/// operator chose.
/// </summary>
internal sealed class RenamedSettings
{
    /// <summary>The names of earlier releases, each with the present one.</summary>
    public static IReadOnlyDictionary<string, string> NewNames { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["Cache:Fresh"] = "Cache:SoftTtl",
        ["Cache:Usable"] = "Cache:HardTtl",
        ["Cache:Missing"] = "Cache:NegativeTtl",
        ["Access:Tokens:Fresh"] = "Access:Tokens:SoftTtl",
        ["Access:Tokens:Usable"] = "Access:Tokens:HardTtl",
        ["Access:Tokens:Outage"] = "Access:Tokens:OutageTtl",
        ["Ingestion:Settle"] = "Ingestion:QuietPeriod",
        ["Ingestion:Patience"] = "Ingestion:Timeout",
        ["Limits:AnswerSeconds"] = "Limits:RequestTimeout (hh:mm:ss)",
        ["Limits:TrialMemoryBytes"] = "Limits:SandboxMemoryBytes",
        ["Limits:TrialsMemoryBytes"] = "Limits:SandboxTotalMemoryBytes",
        ["Uploads:Life"] = "Uploads:Ttl",
        ["Uploads:Keep"] = "Uploads:Retention",
        ["Sweep:Grace"] = "GarbageCollection:GracePeriod",
    };

    /// <summary>A sentence for each setting with a former name.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="functions">Names of the app's functions: a former name that is also a present one (<c>IngestUpload</c>) is in order.</param>
    public static IEnumerable<string> Problems(IConfiguration configuration, IReadOnlySet<string> functions)
    {
        foreach (var (former, present) in NewNames)
        {
            if (configuration.GetSection(former).Exists())
                yield return Sentence(former, present);
        }

        foreach (var (former, present) in RenamedFunctions.FormerNames)
        {
            // An environment variable has either form: AzureWebJobs.NAME.Disabled or AzureWebJobs__NAME__Disabled.
            if (!functions.Contains(former)
                && (configuration.GetSection($"AzureWebJobs.{former}.Disabled").Exists() || configuration.GetSection($"AzureWebJobs:{former}:Disabled").Exists()))
            {
                yield return Sentence($"AzureWebJobs.{former}.Disabled", $"AzureWebJobs.{present}.Disabled");
            }
        }
    }

    private static string Sentence(string former, string present) => $"Setting {former} has a new name: use {present}.";

    /// <summary>Runs the check at start, together with the validation of the settings.</summary>
    public static void AddCheck(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<RenamedSettings>, Validator>();
        services.AddOptions<RenamedSettings>().ValidateOnStart();
    }

    private sealed class Validator(IConfiguration configuration, RoleRequirements functions) : IValidateOptions<RenamedSettings>
    {
        public ValidateOptionsResult Validate(string? name, RenamedSettings options) =>
            Problems(configuration, functions.Names).ToList() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
