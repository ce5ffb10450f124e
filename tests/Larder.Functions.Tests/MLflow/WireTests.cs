using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>The rules of MLflow's API that hold for every call.</summary>
[Collection(nameof(SharedLarder))]
public sealed class WireTests(LarderFixture larder)
{
    private const string Api = "/api/2.0/mlflow/";

    [Theory]
    [InlineData(null, """{"max_results":1}""", 400, "Bad Request. Content-Type header is missing.")]
    [InlineData("text/plain", """{"max_results":1}""", 400, "Bad Request. Content-Type must be one of ['application/json'].")]
    [InlineData("application/x-www-form-urlencoded", "max_results=1", 400, "Bad Request. Content-Type must be one of ['application/json'].")]
    [InlineData("application/json", """{"max_results":1}""", 200, null)]
    [InlineData("Application/JSON; charset=utf-8", """{"max_results":1}""", 200, null)]
    [InlineData("application/json", """{"max_results":1,"unknown":[1,2]}""", 200, null)]
    [InlineData("application/json", "\"{\\\"max_results\\\":1}\"", 200, null)]
    [InlineData("application/json", "", 200, null)]
    [InlineData("application/json", "[1]", 400, "The request body must be a JSON object.")]
    [InlineData("application/json", "\"[1]\"", 400, "The request body must be a JSON object.")]
    [InlineData("application/json", "{\"max_results\":", 400, "The request body is not valid JSON (line 1, byte 16).")]
    public async Task A_body_is_JSON_and_says_so(string? type, string body, int status, string? message)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        using var response = await larder.Client.PostAsync($"{Api}experiments/search", content);

        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((status, message), ((int)response.StatusCode, (string?)json["message"]));
        Assert.Equal(status == 200 ? null : "INVALID_PARAMETER_VALUE", (string?)json["error_code"]);
    }

    [Theory]
    [InlineData("GET", "runs/nowhere", 404, "RESOURCE_DOES_NOT_EXIST")]
    [InlineData("GET", "runs/create", 405, "ENDPOINT_NOT_FOUND")]
    [InlineData("POST", "traces", 501, "NOT_IMPLEMENTED")]
    [InlineData("GET", "traces/tr-1/info", 501, "NOT_IMPLEMENTED")]
    [InlineData("PATCH", "traces/tr-1/tags", 501, "NOT_IMPLEMENTED")]
    [InlineData("POST", "../../3.0/mlflow/traces/search", 501, "NOT_IMPLEMENTED")]
    public async Task What_is_not_here_is_said_in_the_form_of_MLflow(string method, string call, int status, string code)
    {
        var answer = await larder.Client.SendJsonAsync(new HttpMethod(method), Api + call, method == "GET" ? null : "{}");

        Assert.Equal((status, code), ((int)answer.Status, (string?)answer.Body["error_code"]));
        Assert.NotEmpty((string)answer.Body["message"]!);
    }

    [Fact]
    public async Task The_routes_of_the_pages_send_on_with_method_and_body()
    {
        // The client follows 308 with the method and the body.
        var made = await larder.Client.SendJsonAsync(HttpMethod.Post, "/ajax-api/2.0/mlflow/runs/create", """{"experiment_id":"0"}""");
        var id = (string)made.Body["run"]!["info"]!["run_id"]!;
        var shown = await larder.Client.GetJsonAsync($"/ajax-api/2.0/mlflow/runs/get?run_id={id}");

        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Equal(id, (string)shown.Body["run"]!["info"]!["run_id"]!);
    }
}
