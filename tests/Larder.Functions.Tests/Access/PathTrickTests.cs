namespace Larder.Functions.Tests.Access;

/// <summary>Ways out of a folder that other model servers fell for, at every route that gives files.</summary>
[Collection(nameof(SharedAccess))]
public sealed class PathTrickTests(AccessFixture larder)
{
    private static readonly string[] Tricks =
    [
        "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%252e%252e%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", @"..\..\etc\passwd",
        "....//....//etc/passwd", "%2fetc%2fpasswd", "/etc/passwd", "//etc/passwd", "file:%2f%2f%2fetc%2fpasswd", "C:%5cWindows%5cwin.ini", "%00", "a%00.onnx", "a%0d%0ab",
        "..;/..;/etc/passwd", "%c0%ae%c0%ae%c0%afetc", "~%2f.ssh%2fid_rsa", "..", "a%23%2f..%2f..%2fetc", "a%3fx=..%2f..", "%ef%bc%8e%ef%bc%8e%ef%bc%8fetc",
    ];

    [Theory]
    [InlineData("/api/v1/models/{0}/download")]
    [InlineData("/api/v1/models/{0}")]
    [InlineData("/api/v1/models/x/files/{0}")]
    [InlineData("/api/v1/jobs/{0}/logs")]
    [InlineData("/api/v1/jobs/{0}/outputs/a")]
    [InlineData("/api/v1/jobs/0000000000000000/outputs/{0}")]
    [InlineData("/api/v1/models/x/uploads/{0}")]
    public async Task Lead_nowhere(string route)
    {
        foreach (var trick in Tricks)
        {
            // As it is written: without this a client takes dots away before it sends them.
            var address = new Uri(larder.Client.BaseAddress!.GetLeftPart(UriPartial.Authority) + string.Format(route, trick), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "x-functions-key", AccessFixture.KeyOf("admin") } } };

            using var answer = await larder.Client.SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();

            Assert.True((int)answer.StatusCode is 400 or 404 or 405 or 422, $"{address}: {(int)answer.StatusCode} {body}");
            Assert.DoesNotContain("root:", body);
            Assert.DoesNotContain("   at ", body);
        }
    }
}
