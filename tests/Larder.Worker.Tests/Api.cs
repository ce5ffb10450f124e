using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Testing;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests;

/// <summary>The calls that users make with curl.</summary>
internal static class Api
{
    /// <summary>A caller.</summary>
    /// <param name="address">Where the host is.</param>
    public static HttpClient CreateClient(Uri address)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        return new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>A file of samples/.</summary>
    public static byte[] Sample(string path) => File.ReadAllBytes(Repository.Path($"samples/{path}"));

    /// <summary>Asks for something and reads the JSON that comes.</summary>
    public static async Task<(HttpStatusCode Status, JsonNode Body)> SendJsonAsync(this HttpClient client, HttpMethod method, string path, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using var response = await client.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>JSON to send.</summary>
    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    /// <summary>Uploads a model.</summary>
    public static Task<(HttpStatusCode Status, JsonNode Body)> UploadAsync(this HttpClient client, string model, byte[] file) =>
        client.SendJsonAsync(HttpMethod.Put, $"/api/v1/models/{model}", new MultipartFormDataContent { { new ByteArrayContent(file), "path", "model.onnx" } });

    /// <summary>Predicts.</summary>
    public static Task<(HttpStatusCode Status, JsonNode Body)> PredictAsync(this HttpClient client, string reference, string json) =>
        client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{reference}/prediction", Json(json));

    /// <summary>Submits a training of the iris data set.</summary>
    /// <returns>The job's id.</returns>
    public static async Task<string> TrainAsync(this HttpClient client, string model, byte[] script, string options = "{}")
    {
        var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(script), "script", "train.py" },
            { new ByteArrayContent(Sample("iris/iris.csv")), "dataset", "iris.csv" },
            { new StringContent(options), "options" },
        };
        var (status, body) = await client.SendJsonAsync(HttpMethod.Post, $"/api/v1/train/{model}", form);
        Assert.True(status == HttpStatusCode.Accepted, $"{body}");
        return (string)body["job"]!["id"]!;
    }

    /// <summary>A job as the API shows it.</summary>
    public static async Task<JsonNode> JobAsync(this HttpClient client, string job) => (await client.SendJsonAsync(HttpMethod.Get, $"/api/v1/jobs/{job}")).Body["job"]!;

    /// <summary>Waits for a job's end.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="log">What to say if it does not end.</param>
    public static async Task<JsonNode> EndOfAsync(this HttpClient client, string job, HostLog log)
    {
        JsonNode? last = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = await client.JobAsync(job);
                return (string)last["state"]! is not ("queued" or "running");
            });
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{last}\n{log}", exception);
        }

        return last!;
    }
}
