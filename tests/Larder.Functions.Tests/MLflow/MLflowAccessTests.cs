using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Access;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's client authenticates with Larder's tokens, as bearer or as the password of Basic.</summary>
[Collection(nameof(SharedAccess))]
public sealed class MLflowAccessTests(AccessFixture larder)
{
    [Theory]
    [InlineData("experiments/get?experiment_id=0", null, "reader", 200)]
    [InlineData("runs/create", "{}", "reader", 403)]
    [InlineData("runs/create", "{}", "contributor", 200)]
    [InlineData("experiments/purge", """{"experiment_id":"17"}""", "contributor", 403)]
    [InlineData("experiments/purge", """{"experiment_id":"17"}""", "admin", 404)]
    [InlineData("runs/create", "{}", null, 401)]
    [InlineData("experiments/get?experiment_id=0", null, null, 401)]
    public async Task A_call_needs_its_role_whichever_way_the_token_is_sent(string call, string? json, string? role, int status)
    {
        var token = role is null ? "" : await TokenAsync(role);
        foreach (var credentials in new Func<string, AuthenticationHeaderValue>[]
        {
            secret => new AuthenticationHeaderValue("Bearer", secret),
            secret => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{secret}"))),
        })
        {
            using var request = new HttpRequestMessage(json is null ? HttpMethod.Get : HttpMethod.Post, $"/api/2.0/mlflow/{call}");
            request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
            request.Headers.Authorization = role is null ? null : credentials(token);
            using var response = await larder.Client.SendAsync(request);

            var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.Equal((HttpStatusCode)status, response.StatusCode);
            Assert.Equal(status switch { 401 => "UNAUTHENTICATED", 403 => "PERMISSION_DENIED", 404 => "RESOURCE_DOES_NOT_EXIST", _ => null }, (string?)body["error_code"]);
        }
    }

    [Fact]
    public async Task A_token_with_a_scope_of_models_is_refused_since_experiments_have_none()
    {
        var token = await TokenAsync("contributor", ""","scope":{"prefixes":["a-"]}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/2.0/mlflow/experiments/get?experiment_id=0") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await larder.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("PERMISSION_DENIED", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error_code"]);
    }

    private async Task<string> TokenAsync(string role, string rest = "")
    {
        var (status, body, answer) = await larder.SendAsync(HttpMethod.Post, "/api/v1/admin/tokens", "admin", $$"""{"name":"mlflow-{{Guid.NewGuid():N}}","role":"{{role}}"{{rest}}}""");
        answer.Dispose();
        Assert.Equal(201, status);
        return (string)JsonNode.Parse(body)!["token"]!;
    }
}
