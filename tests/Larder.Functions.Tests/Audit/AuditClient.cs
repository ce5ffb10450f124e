using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Audit;

/// <summary>The audit log as users read it with curl.</summary>
internal static class AuditClient
{
    /// <summary>All records that fit a query, the newest first.</summary>
    public static async Task<IReadOnlyList<JsonNode>> AuditAsync(this HttpClient client, string query, int limit = 1000)
    {
        var (records, cursor) = (new List<JsonNode>(), (string?)null);
        do
        {
            var answer = await client.GetJsonAsync($"/api/v1/audit?{query}&limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Description);
            records.AddRange(answer.Body["records"]!.AsArray().Select(record => record!));
            cursor = (string?)answer.Body["next_cursor"];
        }
        while (cursor is not null);
        return records;
    }
}
