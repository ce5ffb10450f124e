using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;

namespace Larder.Functions.Tests.Scoring;

/// <summary>Scores as users do with curl.</summary>
internal static class ScoringClient
{
    /// <summary>Sends a data set to be scored.</summary>
    public static async Task<Answer> ScoreAsync(this HttpClient client, string reference, byte[] dataset, string fileName = "data.csv", string? options = null, string? key = null)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(dataset), "dataset", fileName } };
        if (options is not null)
            form.Add(new StringContent(options), "options");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/models/{reference}/scoring") { Content = form };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request).ReadAnswerAsync();
    }

    /// <summary>Scores text, and waits for the end.</summary>
    public static async Task<JsonNode> ScoreToEndAsync(this HttpClient client, string reference, string dataset, string fileName = "data.csv", string? options = null) =>
        await client.ScoreToEndAsync(reference, Encoding.UTF8.GetBytes(dataset), fileName, options);

    /// <summary>Scores, and waits for the end.</summary>
    public static async Task<JsonNode> ScoreToEndAsync(this HttpClient client, string reference, byte[] dataset, string fileName = "data.csv", string? options = null)
    {
        var answer = await client.ScoreAsync(reference, dataset, fileName, options);
        Assert.True(answer.Code == 202, answer.Description);
        return await client.EndOfAsync((string)answer.Body["job"]!["id"]!);
    }

    /// <summary>The result of a job that succeeded.</summary>
    public static Task<byte[]> ResultOfAsync(this HttpClient client, JsonNode job, string format = "csv")
    {
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        return client.GetByteArrayAsync($"/api/v1/jobs/{job["id"]}/outputs/scored.{format}");
    }

    /// <summary>Its lines, without the line ends.</summary>
    public static async Task<string[]> LinesOfAsync(this HttpClient client, JsonNode job, string format = "csv")
    {
        var text = Encoding.UTF8.GetString(await client.ResultOfAsync(job, format));
        Assert.EndsWith("\n", text);
        return text[..^1].Split('\n');
    }

    /// <summary>Rows of four features with an id, the same for the same seed.</summary>
    public static byte[] Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        var text = new StringBuilder("id,a,b,c,d\n");
        for (var i = 0; i < count; i++)
            text.Append(CultureInfo.InvariantCulture, $"r{i},{random.NextDouble() * 8:F1},{random.NextDouble() * 5:F1},{random.NextDouble() * 7:F2},{random.NextDouble() * 3:F1}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
