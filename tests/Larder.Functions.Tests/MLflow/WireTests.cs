using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.MLflow;

/// <summary>The rules of MLflow's API that hold for every call.</summary>
[Collection(nameof(SharedLarder))]
public sealed partial class WireTests(LarderFixture larder)
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
    [InlineData("GET", "get-trace-artifact", 404, "RESOURCE_DOES_NOT_EXIST")]
    [InlineData("POST", "../../../ajax-api/2.0/mlflow/upload-artifact", 404, "RESOURCE_DOES_NOT_EXIST")]
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
    public async Task Every_route_answers_below_ajax_api_as_below_api()
    {
        var compared = 0;
        foreach (var (method, path) in new RouteTable().Entries.Where(entry => entry.Path.Contains(".0/mlflow", StringComparison.Ordinal)).SelectMany(entry => entry.Methods.Select(method => (method, entry.Path))))
        {
            var target = Parameter().Replace(path, "x");
            var (known, own) = (await SendAsync(method, target), await SendAsync(method, $"/ajax{target.Replace("/api", "-api", StringComparison.Ordinal)}"));

            Assert.True(own.Status == known.Status, $"{method} {path}: {own.Status} in the place of {known.Status}");
            if (known.Status >= 400)
                Assert.Equal(known.Body, own.Body);
            compared++;
        }
        Assert.True(compared > 80, $"{compared}");
    }

    [Fact]
    public async Task What_is_not_below_ajax_api_is_refused_in_the_form_of_MLflow()
    {
        var (status, body) = await SendAsync("PUT", "/ajax-api/2.0/mlflow/runs/create");
        Assert.Equal(405, status);
        Assert.Contains("\"ENDPOINT_NOT_FOUND\"", body, StringComparison.Ordinal);
        Assert.Contains("POST", body, StringComparison.Ordinal);

        (status, body) = await SendAsync("GET", "/ajax-api/2.0/mlflow/runs/gett");
        Assert.Equal(404, status);
        Assert.Contains("/api/2.0/mlflow/runs/get", body, StringComparison.Ordinal);

        Assert.Equal(404, (await SendAsync("GET", "/xapi/2.0/mlflow/experiments/get?experiment_id=0")).Status);
        Assert.Equal(404, (await SendAsync("GET", "/ajax-api/v1/models")).Status);
    }

    // A redirect would be no answer of the route.
    private async Task<(int Status, string Body)> SendAsync(string method, string target)
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(larder.Client.BaseAddress!, target)) { Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json") };
        using var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
