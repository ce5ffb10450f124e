using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Worker.Tests.Rules;

/// <summary>local.settings.sample.json against the sources of the rooms: what code reads is in it, and what is in it is read.</summary>
public sealed partial class SettingsTests
{
    private static readonly string[] Rooms = ["functions", "orchestrations", "registry", "inference"];

    // Read by the Functions hosts, the official one or the self-host, not by the rooms.
    private static readonly string[] OfTheHost =
    [
        "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "AzureWebJobsDisableHomepage", "AzureWebJobsStorage", "AzuriteLocation",
        "AzureWebJobs.IngestUpload.Disabled", "AzureWebJobs.ScoreDroppedFile.Disabled",
    ];

    // Names that OpenTelemetry and Azure give, in any program; WEBSITE_SITE_NAME is the platform's.
    private static readonly string[] OfTelemetry =
    [
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME",
    ];

    [Fact]
    public void What_the_code_reads_of_telemetry_is_documented()
    {
        var page = File.ReadAllText(Repository.Path("docs/telemetry.md"));

        Assert.All(OfTelemetry, name => Assert.Contains($"`{name}`", page));
        Assert.All(OfTelemetry, name => Assert.Contains(name, Read()));
    }

    [Fact]
    public void What_the_code_reads_is_in_the_sample()
    {
        var sample = Sample();

        Assert.Contains("Limits", Read());
        Assert.All(Read().Except([.. OfTelemetry, "WEBSITE_SITE_NAME"]), key => Assert.Contains(sample, known => known == key || known.StartsWith($"{key}:", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_is_in_the_sample_is_read()
    {
        var read = Read();

        Assert.All(Sample().Except(OfTheHost).Where(name => !name.StartsWith("SelfHost:", StringComparison.Ordinal)), known => Assert.Contains(read, key => known == key || known.StartsWith($"{key}:", StringComparison.Ordinal)));
    }

    private static HashSet<string> Sample()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Repository.Path("local.settings.sample.json")));
        return [.. json.RootElement.GetProperty("Values").EnumerateObject().Select(value => value.Name).Where(name => name[0] != '_')];
    }

    // Keys and sections that sources name. A source that reads settings in another way has to be added here.
    private static HashSet<string> Read() =>
    [
        .. Rooms.SelectMany(room => Directory.EnumerateFiles(Repository.Path(room), "*.cs", SearchOption.AllDirectories))
            .Where(file => !Repository.Relative(file).Split('/').Any(part => part is "obj" or "bin"))
            .SelectMany(file => Reading().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["key"].Value),
    ];

    [GeneratedRegex("""(?:[cC]onfiguration>?(?:\(\))?\[|GetSection\(|GetValue<[^>]+>\(|GetConnectionString\(|AddSetting<[^>]+>\()\s*"(?<key>[^"]+)""")]
    private static partial Regex Reading();
}
