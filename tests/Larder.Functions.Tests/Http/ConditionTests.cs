using System.Net;
using System.Reflection;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Tests.Http;

/// <summary>HEAD and conditions (RFC 9110, sections 9.3.2 and 13).</summary>
[Collection(nameof(SharedLarder))]
public sealed class ConditionTests(LarderFixture larder)
{
    private const string Model = "conditions";

    // The lists of other tests may change between two requests.
    public static TheoryData<string> Documents => ["/", $"/api/v1/models/{Model}", $"/api/v1/models/{Model}/information", "/api/v1/job-types", "/api/v1/version", "/api/test", "/healthz"];

    [Fact]
    public void Every_route_with_GET_has_HEAD()
    {
        var triggers = typeof(RouteTable).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(FunctionAttribute))).Select(FunctionMethods.TriggerOf).Where(trigger => trigger?.Methods?.Contains("get") == true).ToList();

        Assert.True(triggers.Count > 20, $"{triggers.Count}");
        Assert.All(triggers, trigger => Assert.Contains("head", trigger!.Methods!));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task An_answer_has_a_tag_and_is_304_without_a_body_where_the_caller_knows_it(string path)
    {
        await UploadAsync();
        using var whole = await SendAsync(HttpMethod.Get, path);
        using var head = await SendAsync(HttpMethod.Head, path);
        var etag = whole.Headers.ETag!.ToString();

        Assert.Equal(whole.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal(Shown(whole), Shown(head));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        foreach (var known in new[] { etag, "*", $"\"other\", {etag}", $"W/{etag.Replace("W/", "")}" })
        {
            using var same = await SendAsync(HttpMethod.Get, path, ("If-None-Match", known));
            Assert.Equal((HttpStatusCode.NotModified, etag, 0), (same.StatusCode, $"{same.Headers.ETag}", (await same.Content.ReadAsByteArrayAsync()).Length));
        }
        using var other = await SendAsync(HttpMethod.Get, path, ("If-None-Match", "\"other\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task HEAD_of_a_file_has_its_headers_and_If_Match_holds_for_files_too()
    {
        await UploadAsync();
        var path = $"/api/v1/models/{Model}/download";
        using var whole = await SendAsync(HttpMethod.Get, path);
        using var head = await SendAsync(HttpMethod.Head, path, ("Range", "bytes=0-1"));
        using var other = await SendAsync(HttpMethod.Get, path, ("If-Match", "\"other\""));
        using var same = await SendAsync(HttpMethod.Get, path, ("If-Match", $"\"other\", {whole.Headers.ETag}"));
        using var events = await SendAsync(HttpMethod.Head, "/metrics");

        Assert.Equal((HttpStatusCode.OK, OnnxModel.Linear().Length), (head.StatusCode, (int)head.Content.Headers.ContentLength!));
        Assert.Equal(Shown(whole), Shown(head));
        Assert.Equal((HttpStatusCode.PreconditionFailed, HttpStatusCode.OK), (other.StatusCode, same.StatusCode));
        Assert.Equal(HttpStatusCode.OK, events.StatusCode);
    }

    [Theory]
    [InlineData("{0}", 200)]
    [InlineData("\"other\", {0}", 200)]
    [InlineData("*", 200)]
    [InlineData("\"other\", \"another\"", 412)]
    [InlineData("W/{0}", 412)]
    [InlineData("other", 412)]
    public async Task A_change_may_name_several_tags(string required, int status)
    {
        await UploadAsync();
        var etag = (await larder.Client.GetJsonAsync($"/api/v1/models/{Model}")).Headers.ETag!.Tag;

        var answer = await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{Model}", """{"model_description":"x"}""", ("If-Match", string.Format(required, etag)));

        Assert.Equal(status, (int)answer.Status);
    }

    [Fact]
    public void Tags_on_several_lines_are_one_list()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.IfMatch = new(["\"a.1\"", "W/\"b\", \"c.2.gzip\""]);
        request.Headers.IfNoneMatch = new(["\"a\"", "W/\"b.gzip\""]);

        Assert.Equal("a,c", request.IfMatch());
        Assert.True(EntityTags.IsKnown(request, "\"b\""));
        Assert.True(EntityTags.IsKnown(request, "W/\"a\""));
        Assert.False(EntityTags.IsKnown(request, "\"a.1\""));
    }

    private async Task UploadAsync()
    {
        if ((await larder.Client.GetAsync($"/api/v1/models/{Model}")).StatusCode == HttpStatusCode.NotFound)
            await larder.Client.UploadAsync(Model, OnnxModel.Linear());
    }

    private static IEnumerable<string> Shown(HttpResponseMessage answer) => answer.Headers.Concat(answer.Content.Headers)
        .Where(header => header.Key is not ("Date" or "X-Request-ID")).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await larder.Client.SendAsync(request);
    }
}
