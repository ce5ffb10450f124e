using Larder.Testing;

namespace Larder.Functions.Tests.Access;

/// <summary>What a browser sends for a page of another origin, and what it needs in the answer (the Fetch standard).</summary>
[Collection(nameof(SharedAccess))]
public sealed class CrossOriginTests(AccessFixture larder)
{
    private const string Page = "https://dashboard.example";

    [Fact]
    public async Task A_page_of_an_allowed_origin_may_ask_send_and_read()
    {
        // The preflight has no credentials.
        var (status, _, preflight) = await larder.SendAsync(HttpMethod.Options, "/api/v1/models/pages", null, null,
            ("Origin", Page), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,content-type,if-match"));
        var (read, _, answer) = await larder.SendAsync(HttpMethod.Get, "/api/v1/models", "reader", null, ("Origin", Page));
        var (sent, _, change) = await larder.SendAsync(HttpMethod.Post, "/api/v1/models/pages", "contributor", "{}", ("Origin", Page));
        var (refused, _, refusal) = await larder.SendAsync(HttpMethod.Get, "/api/v1/models", null, null, ("Origin", Page));

        Assert.Equal(204, status);
        Assert.Equal([Page], preflight.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Contains("PUT", preflight.Headers.GetValues("Access-Control-Allow-Methods").Single().Split(','));
        Assert.Equal("authorization,content-type,if-match", preflight.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal((200, 422, 401), (read, sent, refused));
        foreach (var one in new[] { answer, change, refusal })
        {
            Assert.Equal([Page], one.Headers.GetValues("Access-Control-Allow-Origin"));
            var exposed = one.Headers.GetValues("Access-Control-Expose-Headers").Single().Split(',');
            Assert.All(["ETag", "Larder-Model-Version", "x-request-id", "Retry-After", "Location"], header => Assert.Contains(header, exposed));
            Assert.False(one.Headers.Contains("Access-Control-Allow-Credentials"));
        }
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("https://dashboard.example.evil.example")]
    public async Task A_page_of_another_origin_is_told_nothing(string origin)
    {
        var (_, _, preflight) = await larder.SendAsync(HttpMethod.Options, "/api/v1/models", null, null, ("Origin", origin), ("Access-Control-Request-Method", "GET"));
        var (_, _, answer) = await larder.SendAsync(HttpMethod.Get, "/api/v1/models", "reader", null, ("Origin", origin));

        Assert.All([preflight, answer], one => Assert.DoesNotContain(one.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task Refusals_are_logged_with_their_route_caller_and_request_id()
    {
        await larder.SendAsync(HttpMethod.Get, "/api/v1/models/there-is-none", "reader", null, ("x-request-id", "logged-404"));
        await larder.SendAsync(HttpMethod.Get, "/api/v1/mod%0Aels/x/y/z", null, null, ("x-request-id", "logged-path"));
        await larder.SendAsync(HttpMethod.Delete, "/api/v1/models/x", "reader", null, ("x-request-id", "logged-403"));
        await larder.SendAsync(HttpMethod.Get, "/api/v1/models", "reader", null, ("x-request-id", "logged-200"));

        // The console's lines are written behind the answers.
        await Eventually.TrueAsync(() => Task.FromResult(larder.Log.Contains("request id logged-200", StringComparison.Ordinal)));
        Assert.Matches(@"(?m)^\S+ info: Larder.Functions.Http.AccessLog\[1\].* GET /api/v1/models/\{reference\} was answered with 404 after [0-9.]+ ms; caller reader, request id logged-404\r?$", larder.Log);
        Assert.Matches(@"(?m) GET /api/v1/mod%0Aels/x/y/z was answered with 404 .* request id logged-path\r?$", larder.Log);
        Assert.Matches(@"(?m) DELETE /api/v1/models/\{reference\} was answered with 403 .* caller reader, request id logged-403\r?$", larder.Log);
        Assert.Matches(@"(?m)^\S+ dbug: .* GET /api/v1/models was answered with 200 .* request id logged-200\r?$", larder.Log);
    }
}
