using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;

namespace Larder.Functions.Tests.Uploads;

/// <summary>Uploads in blocks, as users do with curl.</summary>
internal static class UploadClient
{
    private static readonly HttpClient Anonymous = new();

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Begins an upload; answers the session.</summary>
    public static async Task<JsonNode> BeginUploadAsync(this HttpClient client, string model, string? body = null)
    {
        var answer = await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{model}/uploads", body);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body.ToString());
        var upload = answer.Body["upload"]!;
        Assert.Equal($"/api/v1/models/{model}/uploads/{upload["id"]}", answer.Headers.Location?.OriginalString);
        return upload;
    }

    /// <summary>Put Block for each, then Put Block List.</summary>
    public static async Task PutBlocksAsync(string url, IEnumerable<byte[]> blocks)
    {
        var list = new StringBuilder("<BlockList>");
        foreach (var (i, block) in blocks.Index())
        {
            var id = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{i:D6}"));
            Assert.Equal(HttpStatusCode.Created, (await PutAsync(new Uri($"{url}&comp=block&blockid={Uri.EscapeDataString(id)}"), block)).StatusCode);
            list.Append($"<Latest>{id}</Latest>");
        }

        var committed = await PutAsync(new Uri($"{url}&comp=blocklist"), Encoding.UTF8.GetBytes(list.Append("</BlockList>").ToString()));
        Assert.Equal(HttpStatusCode.Created, committed.StatusCode);
    }

    public static Task<Answer> CompleteUploadAsync(this HttpClient client, JsonNode upload, string body) =>
        client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{upload["model"]}/uploads/{upload["id"]}/complete", body);

    /// <summary>Uploads a data set, and completes it.</summary>
    /// <returns>The answer, with the job.</returns>
    public static async Task<Answer> SendDatasetAsync(this HttpClient client, string model, string fileName, byte[] content)
    {
        var upload = await client.BeginUploadAsync(model, new JsonObject { ["kind"] = "dataset", ["file_name"] = fileName }.ToJsonString());
        Assert.Equal(("dataset", $"datasets/{model}/{fileName}"), ((string?)upload["kind"], (string?)upload["dataset"]));
        await PutBlocksAsync((string)upload["url"]!, content.Chunk(500_000));
        return await client.CompleteUploadAsync(upload, $$"""{"sha256": "{{Sha256(content)}}"}""");
    }

    /// <summary>Uploads a data set, and waits until it is there; answers its address.</summary>
    public static async Task<string> AddDatasetAsync(this HttpClient client, string model, string fileName, byte[] content)
    {
        var answer = await client.SendDatasetAsync(model, fileName, content);
        Assert.True(answer.Code == 202, answer.Description);
        var job = await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
        Assert.True(("dataset", "succeeded") == ((string?)job["type"], (string?)job["state"]), job.ToString());
        return $"datasets/{model}/{fileName}";
    }

    public static Task<HttpResponseMessage> PutAsync(Uri url, byte[] content) => Anonymous.PutAsync(url, new ByteArrayContent(content));
}
