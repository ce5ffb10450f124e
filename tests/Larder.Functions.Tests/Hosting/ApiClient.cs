using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.OpenApi;

namespace Larder.Functions.Tests.Hosting;

/// <summary>An answer of the API, with its body parsed.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode Body, HttpResponseHeaders Headers)
{
    /// <summary>The envelope's description.</summary>
    public string Description => (string)Body["http_status"]!["description"]!;

    /// <summary>The envelope's code.</summary>
    public int Code => (int)Body["http_status"]!["code"]!;
}

/// <summary>The calls that users make with curl.</summary>
internal static class ApiClient
{
    public static Task<Answer> GetJsonAsync(this HttpClient client, string path) => client.SendJsonAsync(HttpMethod.Get, path);

    public static Task<Answer> PredictAsync(this HttpClient client, string reference, string json) =>
        client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{reference}/prediction", json);

    public static async Task<Answer> SendJsonAsync(this HttpClient client, HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await client.SendAsync(request).ReadAnswerAsync();
    }

    public static async Task<Answer> UploadAsync(this HttpClient client, string model, byte[] file, string fileName = "model.onnx", params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        form.Add(new ByteArrayContent(file), "path", fileName);
        return await client.PutAsync($"/api/v1/models/{model}", form).ReadAnswerAsync();
    }

    public static async Task<Answer> ReadAnswerAsync(this Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        var text = await response.Content.ReadAsStringAsync();
        var body = JsonNode.Parse(text) ?? throw new InvalidOperationException("The body is the JSON null.");
        DocumentedApi.Check(response, body);
        return new Answer(response.StatusCode, body, response.Headers);
    }
}
