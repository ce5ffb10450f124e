using System.Net;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Models;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

[Collection(nameof(SharedLarder))]
public sealed class CardTests(LarderFixture larder)
{
    private const string Hostile = "<script>alert(1)</script> [here](javascript:alert(1)) <img src=x onerror=alert(1)> **bold** | a";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_card_has_what_a_reader_needs_and_its_example_works()
    {
        await _client.UploadAsync("card", OnnxModel.Linear(), "linear.onnx", ("model_description", "A line."), ("description", "The first."), ("alias", "champion"), ("tags", """{"stage":"test"}"""));

        var card = (await _client.GetJsonAsync("/api/v1/models/card:champion/card")).Body;

        Assert.Equal("card:1", (string)card["reference"]!);
        Assert.Equal("A line.", (string)card["description"]!);
        Assert.Equal(["default", "champion"], card["aliases"]!.AsArray().Select(alias => (string)alias!));
        Assert.Equal("local", (string)card["published_by"]!);
        Assert.Equal("linear.onnx", (string)card["version"]!["file_name"]!);
        Assert.Equal(64L << 20, (long)card["limits"]!["tensor_bytes"]!);
        Assert.Empty(card["job_inputs"]!.AsArray());
        var example = card["example"]!;
        var answer = await _client.SendJsonAsync(new HttpMethod((string)example["method"]!), (string)example["path"]!, example["body"]!.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory]
    [InlineData("text/markdown", "text/markdown")]
    [InlineData("text/markdown;q=0.5, application/json", "application/json")]
    [InlineData("application/json;q=0.1, text/markdown;q=0.2", "text/markdown")]
    [InlineData("text/markdown;q=0", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData(null, "application/json")]
    public async Task It_comes_in_the_form_that_the_request_prefers(string? accept, string expected)
    {
        await _client.UploadAsync("card-form", OnnxModel.Linear());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/models/card-form/card");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);

        using var answer = await _client.SendAsync(request);

        Assert.Equal(expected, answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["Accept"], answer.Headers.Vary);
        if (expected == "text/markdown")
            Assert.StartsWith("# card\\-form:", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/models/card-absent/card", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/models/no%20name/card", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/api/v1/models/card-absent/card?form=html", HttpStatusCode.UnprocessableEntity)]
    public async Task A_wrong_request_is_refused(string path, HttpStatusCode expected) => Assert.Equal(expected, (await _client.GetJsonAsync(path)).Status);

    [Fact]
    public async Task What_callers_wrote_makes_no_script_no_link_to_one_and_no_broken_table()
    {
        await _client.UploadAsync("card-hostile", OnnxModel.Linear(), "m|<b>.onnx", ("model_description", Hostile), ("description", Hostile));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/card-hostile", JsonSerializer.Serialize(new { owner = Hostile, tags = new Dictionary<string, string> { ["t|<i>"] = Hostile } }));
        var card = JsonSerializer.Deserialize<CardAnswer>((await _client.GetJsonAsync("/api/v1/models/card-hostile/card")).Body.ToJsonString())!;

        var html = CardText.Html(card);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img src=\"x\"", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("href=\"javascript", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<i>", html, StringComparison.Ordinal);
        Assert.Contains("<strong>bold</strong>", html, StringComparison.Ordinal);
        // The row of the owner has its two cells, whatever the owner is called.
        var row = CardText.Markdown(card).Split('\n').Single(line => line.StartsWith("| Owner |", StringComparison.Ordinal));
        Assert.Equal(3, row.Replace("\\|", "", StringComparison.Ordinal).Count(character => character == '|'));
    }
}
