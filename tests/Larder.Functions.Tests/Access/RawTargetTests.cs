using System.Net;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Larder.Functions.Tests.Access;

/// <summary>Paths whose dot segments the web server would resolve before routing.</summary>
[Collection(nameof(SharedLarder))]
public sealed class RawTargetTests(LarderFixture larder)
{
    [Theory]
    [InlineData("/a/../b")]
    [InlineData("/a/./b")]
    [InlineData("/a/%2e%2e")]
    [InlineData("/a/%2E./b")]
    [InlineData("/a/.%2e/b")]
    [InlineData("/a/%2e")]
    [InlineData("/..")]
    [InlineData("/a\\..\\b")]
    [InlineData("http://localhost/a/%2e%2e/b")]
    [InlineData("/a/..?b")]
    public void A_dot_segment_is_seen(string target) => Assert.True(RawTargetMiddleware.HasDotSegment(target));

    [Theory]
    [InlineData("/")]
    [InlineData("*")]
    [InlineData("/a/b.onnx")]
    [InlineData("/a/..b")]
    [InlineData("/a/b..")]
    [InlineData("/a/...")]
    [InlineData("/a/%2e%2e%2e")]
    [InlineData("/a/%252e%252e")]
    [InlineData("/a/b?c=/../d")]
    [InlineData("/a/.well-known")]
    public void Other_dots_are_not(string target) => Assert.False(RawTargetMiddleware.HasDotSegment(target));

    [Theory]
    [InlineData("aliases/%2e%2e")]
    [InlineData("aliases/..")]
    [InlineData("aliases/x/../../")]
    [InlineData("aliases/.%2E")]
    public async Task The_deletion_of_an_alias_never_becomes_that_of_the_model(string tail)
    {
        await larder.Client.UploadAsync("dots", OnnxModel.Linear());
        var address = new Uri(
            $"{larder.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}/api/v1/models/dots/{tail}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

        using var answer = await larder.Client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, address));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("The path has a segment", await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.GetAsync("/api/v1/models/dots")).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_platforms_copy_of_the_target_counts_in_Azure_only(bool isAzure)
    {
        var http = new DefaultHttpContext();
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/api/v1/models/iris";
        http.Request.Headers["X-WAWS-Unencoded-URL"] = "/api/v1/models/iris/aliases/%2e%2e";

        Assert.Equal(isAzure, new RawTargetMiddleware(new Platform(isAzure, IsAuthenticating: false)).Refuses(http));
    }
}
