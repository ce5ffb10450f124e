using System.Text.Json;

namespace Larder.Worker.Tests.Rules;

/// <summary>
/// functions/host.json by the rules of the published schema (https://json.schemastore.org/host.json) for the sections that are used: a member that the real
/// host does not know would be ignored there without a word.
/// </summary>
public sealed class HostJsonTests
{
    private static readonly string[] LogLevels = ["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"];

    private static readonly Dictionary<string, Func<JsonElement, bool>> Rules = new()
    {
        ["version"] = value => value.GetString() == "2.0",
        ["functionTimeout"] = IsTime,
        ["logging.logLevel.*"] = value => LogLevels.Contains(value.GetString()),
        ["logging.applicationInsights.samplingSettings.isEnabled"] = IsBoolean,
        ["logging.applicationInsights.samplingSettings.excludedTypes"] = value =>
            value.GetString()!.Split(';').All(type => type is "Dependency" or "Event" or "Exception" or "PageView" or "Request" or "Trace"),
        ["telemetryMode"] = value => value.GetString() is "OpenTelemetry",
        ["extensions.durableTask.hubName"] = value => value.GetString() is { Length: >= 3 and <= 45 } name && char.IsAsciiLetter(name[0]) && name.All(char.IsAsciiLetterOrDigit),
        ["extensions.durableTask.maxConcurrentActivityFunctions"] = IsPositive,
        ["extensions.durableTask.maxConcurrentOrchestratorFunctions"] = IsPositive,
        ["extensions.durableTask.storageProvider.maxQueuePollingInterval"] = IsTime,
        ["extensions.durableTask.storageProvider.controlQueueVisibilityTimeout"] = IsTime,
        ["extensions.durableTask.storageProvider.workItemQueueVisibilityTimeout"] = IsTime,
        ["extensions.durableTask.storageProvider.partitionCount"] = value => value.TryGetInt32(out var count) && count is >= 1 and <= 16,
        ["extensions.blobs.maxDegreeOfParallelism"] = IsPositive,
        ["extensions.blobs.poisonBlobThreshold"] = IsPositive,
        ["extensions.http.routePrefix"] = value => value.ValueKind == JsonValueKind.String,
        ["extensions.http.maxOutstandingRequests"] = IsCount,
        ["extensions.http.maxConcurrentRequests"] = IsCount,
        ["extensions.http.dynamicThrottlesEnabled"] = IsBoolean,
        ["extensions.http.customHeaders.*"] = value => value.ValueKind == JsonValueKind.String,
        ["extensions.http.hsts.isEnabled"] = IsBoolean,
        ["extensions.http.hsts.maxAge"] = IsTime,
    };

    [Fact]
    public void The_file_has_only_members_that_the_real_host_knows_with_values_that_it_takes()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Repository.Path("functions/host.json")));

        Assert.Empty(Problems(json.RootElement));
    }

    [Theory]
    [InlineData("""{"version": "1.0"}""", "version")]
    [InlineData("""{"version": "2.0", "extensions": {"durableTask": {"hubname": "Larder"}}}""", "extensions.durableTask.hubname")]
    [InlineData("""{"version": "2.0", "extensions": {"durableTask": {"hubName": "my-hub"}}}""", "extensions.durableTask.hubName")]
    [InlineData("""{"version": "2.0", "logging": {"logLevel": {"default": "Info"}}}""", "logging.logLevel.default")]
    [InlineData("""{"version": "2.0", "extensions": {"http": {"maxConcurrentRequests": "100"}}}""", "extensions.http.maxConcurrentRequests")]
    public void Another_member_or_value_is_found(string text, string problem)
    {
        using var json = JsonDocument.Parse(text);

        Assert.Equal([problem], Problems(json.RootElement));
    }

    private static IEnumerable<string> Problems(JsonElement element, string at = "")
    {
        foreach (var member in element.EnumerateObject())
        {
            var name = at.Length == 0 ? member.Name : $"{at}.{member.Name}";
            var rule = Rules.GetValueOrDefault(name) ?? Rules.GetValueOrDefault($"{at}.*");
            if (rule is null && member.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var problem in Problems(member.Value, name))
                    yield return problem;
            }
            else if (rule is null || member.Value.ValueKind == JsonValueKind.Object || !rule(member.Value))
            {
                yield return name;
            }
        }
    }

    private static bool IsBoolean(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False;

    private static bool IsPositive(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count > 0;

    private static bool IsCount(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= -1;

    private static bool IsTime(JsonElement value) => value.ValueKind == JsonValueKind.String && TimeSpan.TryParse(value.GetString(), out _);
}
