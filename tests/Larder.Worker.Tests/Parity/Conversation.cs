using System.Text.Json.Nodes;
using Larder.Testing;

namespace Larder.Worker.Tests.Parity;

/// <summary>Sends a list of requests to one host, one after the other.</summary>
internal static class Conversation
{
    /// <summary>Sends them.</summary>
    /// <returns>The answers by the names of the requests.</returns>
    public static async Task<IReadOnlyDictionary<string, Answer>> HoldAsync(HttpClient client, IEnumerable<Exchange> exchanges)
    {
        var answers = new Dictionary<string, Answer>();
        var jobs = new Dictionary<string, string>();
        foreach (var exchange in exchanges)
        {
            var path = jobs.Aggregate(exchange.Path, (path, job) => path.Replace($"{{{job.Key}}}", job.Value, StringComparison.Ordinal));
            // As it stands: an address would be put in order first, and two slashes become one.
            using var request = new HttpRequestMessage(new HttpMethod(exchange.Method), new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
            {
                Content = exchange.Body?.Invoke(),
            };
            foreach (var (name, value) in exchange.Headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var response = await client.SendAsync(request);
            var answer = await Answer.ReadAsync(response, jobs);
            answers[exchange.Name] = answer;
            if (answer.Job is { } job && exchange.ToItsEnd)
            {
                jobs[exchange.Name] = job;
                await EndAsync(client, job);
            }
        }

        return answers;
    }

    private static Task EndAsync(HttpClient client, string job) => Eventually.TrueAsync(async () =>
        (string?)JsonNode.Parse(await client.GetStringAsync($"/api/v1/jobs/{job}"))!["job"]!["state"] is not ("queued" or "running"));
}
