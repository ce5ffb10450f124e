using System.Net.Sockets;
using System.Text;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Http;

/// <summary>What the web server refuses before the application is called has the body of its dialect, too.</summary>
[Collection(nameof(SharedLarder))]
public sealed class UnreadableRequestTests(LarderFixture larder)
{
    public static TheoryData<string, int, string> Requests => new()
    {
        { "GE\u0001T /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "http_status" },
        { "GET /healthz HTTP/1.1\r\n\r\n", 400, "http_status" },
        { "GET /healthz HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "http_status" },
        { "POST /v2/models/a/infer HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}", 400, "error" },
        { "POST /v2/models/a/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "error" },
        { $"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: a\r\n\r\n", 414, "http_status" },
        { $"GET /healthz HTTP/1.1\r\nHost: a\r\nX: {new string('a', 40_000)}\r\n\r\n", 431, "http_status" },
        { "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", 505, "http_status" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task It_has_a_body_with_a_sentence(string request, int status, string member)
    {
        var reply = RawHttp.Parse(await AskAsync(request));

        Assert.Equal(status, reply.Status);
        var (name, value) = Assert.Single(reply.Json!.AsObject());
        Assert.Equal(member, name);
        Assert.EndsWith(".", (string?)(member == "error" ? value : value!["description"]));
        foreach (var header in new[] { "Connection: close", "Content-Type: application/json", "X-Content-Type-Options: nosniff", $"Content-Length: {reply.Body.Length}" })
            Assert.Contains(header, reply.Head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Server:", reply.Head);
    }

    [Fact]
    public async Task An_answer_to_HEAD_has_no_body()
    {
        var reply = RawHttp.Parse(await AskAsync("HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"));

        Assert.Equal((400, 0), (reply.Status, reply.Body.Length));
        Assert.Contains("Content-Type: application/json", reply.Head);
    }

    [Fact]
    public async Task Answers_to_the_requests_before_it_on_the_connection_are_whole()
    {
        const string Good = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

        var text = Encoding.UTF8.GetString(await AskAsync(Good + Good + "nonsense\r\n\r\n"));

        Assert.Equal(["HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"], text.Split("\r\n").SelectMany(line => line.Split('}')).Where(line => line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)));
        Assert.EndsWith("}", text);
    }

    private async Task<byte[]> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(larder.Client.BaseAddress!.Host, larder.Client.BaseAddress.Port);
        await using var connection = client.GetStream();
        await connection.WriteAsync(Encoding.Latin1.GetBytes(request));
        return await RawHttp.ReadAsync(connection);
    }
}
