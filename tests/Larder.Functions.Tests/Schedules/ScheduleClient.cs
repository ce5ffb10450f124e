using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;

namespace Larder.Functions.Tests.Schedules;

/// <summary>Schedules as users make them with curl.</summary>
internal static class ScheduleClient
{
    /// <summary>A schedule that never runs by itself while a test lasts.</summary>
    public const string Yearly = "0 0 1 1 *";

    public static Task<Answer> ScheduleAsync(this HttpClient client, string json) =>
        client.SendJsonAsync(HttpMethod.Post, "/api/v1/schedules", json);

    /// <summary>Makes a schedule that retrains a model; answers its id.</summary>
    public static async Task<string> ScheduleTrainingAsync(
        this HttpClient client, string model, string cron = Yearly, string inputs = "", string more = "", string options = "")
    {
        var answer = await client.ScheduleAsync($$"""
            {"name": "{{model}} again", "cron": "{{cron}}",
             "job": {"type": "train", "model": "{{model}}", "inputs": {"version": "{{model}}:1"{{inputs}}}{{options}}}{{more}}}
            """);
        Assert.True(answer.Code == 201, answer.Description);
        return (string)answer.Body["schedule"]!["id"]!;
    }

    public static async Task<JsonNode> GetScheduleAsync(this HttpClient client, string id)
    {
        var answer = await client.GetJsonAsync($"/api/v1/schedules/{id}");
        Assert.True(answer.Code == 200, answer.Description);
        return answer.Body;
    }

    public static async Task<IReadOnlyList<JsonNode>> RunsAsync(this HttpClient client, string id) =>
        [.. (await client.GetJsonAsync($"/api/v1/schedules/{id}/runs")).Body["runs"]!.AsArray().Select(run => run!)];

    /// <summary>Waits for a run whose job has ended.</summary>
    public static async Task<JsonNode> EndOfRunAsync(this HttpClient client, string id, Func<string>? log = null)
    {
        JsonNode? ended = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                ended = (await client.RunsAsync(id)).FirstOrDefault(run => run["finished"] is not null);
                return ended is not null;
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{await client.GetScheduleAsync(id)}\n{log?.Invoke()}");
        }

        return ended!;
    }

    /// <summary>Runs it now, and waits for the end.</summary>
    public static async Task<JsonNode> RunToEndAsync(this HttpClient client, string id)
    {
        var answer = await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run");
        Assert.True(answer.Code == 202, answer.Description);
        return await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
    }
}
