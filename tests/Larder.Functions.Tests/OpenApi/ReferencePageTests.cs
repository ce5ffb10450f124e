using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.OpenApi;

/// <summary>The page that shows the document: it loads its own files only, and its policy says so.</summary>
[Collection(nameof(SharedLarder))]
public sealed partial class ReferencePageTests(LarderFixture larder)
{
    [Fact]
    public async Task The_page_has_no_inline_script_and_names_no_other_server()
    {
        using var response = await larder.Client.GetAsync("/reference");
        var html = await response.Content.ReadAsStringAsync();
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy")).Split("; ").ToDictionary(directive => directive.Split(' ')[0]);

        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["/reference/scalar.js", "/reference/start.js"], Scripts().Matches(html).Select(script => script.Groups["path"].Value));
        Assert.All(Scripts().Matches(html), script => Assert.Empty(script.Groups["text"].Value));
        Assert.DoesNotContain("//", html);
        Assert.Equal("default-src 'none'", policy["default-src"]);
        Assert.Equal("script-src 'self'", policy["script-src"]);
        Assert.Equal("connect-src 'self'", policy["connect-src"]);
        Assert.Equal("frame-ancestors 'none'", policy["frame-ancestors"]);
        Assert.All(policy.Values, directive => Assert.DoesNotContain("http", directive));
    }

    [Fact]
    public async Task The_scripts_come_from_this_server_packed_or_not_and_are_sent_once()
    {
        using var plain = await larder.Client.GetAsync("/reference/scalar.js");
        using var packed = await larder.Client.SendAsync(new(HttpMethod.Get, "/reference/scalar.js") { Headers = { { "Accept-Encoding", "gzip" } } });
        using var known = await larder.Client.SendAsync(new(HttpMethod.Get, "/reference/scalar.js") { Headers = { { "If-None-Match", $"{plain.Headers.ETag}" } } });
        using var reader = new StreamReader(new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        var script = await plain.Content.ReadAsStringAsync();

        Assert.Equal("text/javascript", plain.Content.Headers.ContentType!.MediaType);
        Assert.Contains("createApiReference", script);
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        Assert.Equal(script, await reader.ReadToEndAsync());
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Contains("/openapi.json", await larder.Client.GetStringAsync("/reference/start.js"));
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/reference/other.js")).Status);
    }

    [GeneratedRegex("<script(?: src=\"(?<path>[^\"]*)\")?>(?<text>[^<]*)</script>")]
    private static partial Regex Scripts();
}
