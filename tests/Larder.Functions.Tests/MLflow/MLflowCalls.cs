using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>The calls that MLflow's client makes. Every answer is compared with the OpenAPI document.</summary>
internal static class MLflowCalls
{
    private const string Api = "/api/2.0/mlflow/";

    /// <summary>A call that succeeds.</summary>
    public static Task<JsonNode> PostAsync(this HttpClient client, string call, string json) => client.SendOkAsync(call, json);

    /// <inheritdoc cref="PostAsync"/>
    public static Task<JsonNode> AskAsync(this HttpClient client, string call) => client.SendOkAsync(call);

    /// <summary>A call that succeeds, of any method.</summary>
    public static async Task<JsonNode> SendOkAsync(this HttpClient client, string call, string? json = null)
    {
        var (status, body) = await client.SendAsync(call, json);
        Assert.True(status == 200, $"{call}: {status} {body.ToJsonString()}");
        return body;
    }

    /// <summary>POST with JSON, or GET without; or the method that the call begins with, as in <c>DELETE runs/x</c>.</summary>
    public static async Task<(int Status, JsonNode Body)> SendAsync(this HttpClient client, string call, string? json = null)
    {
        var method = call.Split(' ') is [var named, ..] && named.All(char.IsAsciiLetterUpper) ? new HttpMethod(named) : json is null ? HttpMethod.Get : HttpMethod.Post;
        var path = call.StartsWith($"{method} ", StringComparison.Ordinal) ? call[(method.Method.Length + 1)..] : call;
        var answer = await client.SendJsonAsync(method, Api + path, json);
        return ((int)answer.Status, answer.Body);
    }

    /// <summary>A call that is refused.</summary>
    public static async Task RefusedAsync(this HttpClient client, string call, string? json, int status, string code, string message)
    {
        var (given, body) = await client.SendAsync(call, json);
        Assert.Equal((status, code, message), (given, (string?)body["error_code"], (string?)body["message"]));
    }

    /// <summary>A new experiment.</summary>
    public static async Task<string> NewExperimentAsync(this HttpClient client) =>
        (string)(await client.PostAsync("experiments/create", $$"""{"name":"{{Guid.NewGuid()}}"}"""))["experiment_id"]!;

    /// <summary>A new run.</summary>
    public static async Task<string> NewRunAsync(this HttpClient client, string experiment = "0", string rest = "") =>
        (string)(await client.PostAsync("runs/create", $$"""{"experiment_id":"{{experiment}}","user_id":"baker"{{rest}}}"""))["run"]!["info"]!["run_id"]!;

    /// <summary>A run as it is shown.</summary>
    public static async Task<JsonNode> RunAsync(this HttpClient client, string id) => (await client.AskAsync($"runs/get?run_id={id}"))["run"]!;
}
