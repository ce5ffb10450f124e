using System.Text.Json.Nodes;
using Larder.Functions.Tests.Access;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Ratings;

/// <summary>Ratings by callers of several roles.</summary>
[Collection(nameof(SharedAccess))]
public sealed class RatingTests(AccessFixture larder)
{
    private const string Path = "/api/v1/models/rated/rating";

    [Fact]
    public async Task Callers_that_may_predict_rate_and_all_that_may_read_see_it()
    {
        await UploadAsync();

        Assert.Equal((200, "0  "), await SendAsync(HttpMethod.Get, "reader"));
        Assert.Equal(403, (await SendAsync(HttpMethod.Put, "reader", """{"stars":5}""")).Status);
        Assert.Equal((200, "1 5 5"), await SendAsync(HttpMethod.Put, "predictor", """{"stars":5}"""));
        Assert.Equal((200, "2 3.5 2"), await SendAsync(HttpMethod.Put, "contributor", """{"stars":2}"""));
        Assert.Equal((200, "2 4.5 4"), await SendAsync(HttpMethod.Put, "contributor", """{"stars":4}"""));
        Assert.Equal((200, "2 4.5 "), await SendAsync(HttpMethod.Get, "reader"));
        Assert.Equal((200, "1 5 "), await SendAsync(HttpMethod.Delete, "contributor"));
        Assert.Equal((200, "1 5 "), await SendAsync(HttpMethod.Delete, "contributor"));
        Assert.Equal((200, "1 5 5"), await SendAsync(HttpMethod.Get, "predictor"));
    }

    [Theory]
    [InlineData("""{"stars":6}""", "stars must be 1 to 5; it is 6.")]
    [InlineData("""{"stars":0}""", "stars must be 1 to 5; it is 0.")]
    [InlineData("""{"stars":3.5}""", "stars")]
    [InlineData("""{"stars":null}""", "stars")]
    [InlineData("{}", "stars")]
    [InlineData("""{"stars":4,"comment":"good"}""", "comment")]
    public async Task What_is_no_rating_is_refused_and_says_why(string json, string says)
    {
        await UploadAsync();

        var (status, body, _) = await larder.SendAsync(HttpMethod.Put, Path, "admin", json);

        Assert.InRange(status, 400, 422);
        Assert.Contains(says, (string)JsonNode.Parse(body)!["http_status"]!["description"]!, StringComparison.Ordinal);
        Assert.Equal(404, (await larder.SendAsync(HttpMethod.Put, "/api/v1/models/unrated/rating", "admin", """{"stars":4}""")).Status);
    }

    private async Task UploadAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/models/rated") { Content = new ByteArrayContent(OnnxModel.Linear()) };
        request.Headers.Add("x-functions-key", AccessFixture.KeyOf("contributor"));
        using var answer = await larder.Client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode);
    }

    private async Task<(int Status, string Rating)> SendAsync(HttpMethod method, string caller, string? json = null)
    {
        var (status, body, _) = await larder.SendAsync(method, Path, caller, json);
        var rating = JsonNode.Parse(body)?["rating"];
        return (status, rating is null ? "" : $"{rating["count"]} {rating["mean"]} {rating["own"]}");
    }
}
