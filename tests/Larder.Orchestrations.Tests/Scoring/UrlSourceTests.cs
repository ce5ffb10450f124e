using System.Net;
using System.Text;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Outbound;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Tests.Testing;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Larder.Orchestrations.Tests.Scoring;

public class UrlSourceTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("168.63.129.16")]
    public void Addresses_of_this_machine_its_networks_and_special_ones_are_not_public(string address) =>
        Assert.False(PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    public void Others_are(string address) => Assert.True(PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("", "https://example.com/a.csv")]
    [InlineData("example.com", "https://example.com.evil.test/a.csv")]
    [InlineData("example.com", "https://sub.example.com/a.csv")]
    [InlineData("*.example.com", "https://example.com/a.csv")]
    [InlineData("*.example.com", "https://evilexample.com/a.csv")]
    [InlineData("example.com", "ftp://example.com/a.csv")]
    [InlineData("example.com", "file:///etc/passwd")]
    [InlineData("example.com", "https://user:secret@example.com/a.csv")]
    [InlineData("example.com", "https://example.com@evil.test/a.csv")]
    [InlineData("example.com", "a.csv")]
    public void What_is_not_listed_is_refused_without_asking_anybody(string hosts, string url)
    {
        using var source = new UrlSource(new ScoringLimits { UrlHosts = hosts });
        Assert.Throws<InvalidRequestException>(() => source.Require(url));
    }

    [Theory]
    [InlineData("a.test, Example.com", "https://example.com/a.csv")]
    [InlineData("*.example.com", "https://a.b.example.com:8443/a.csv?sig=x")]
    public void What_is_listed_is_not(string hosts, string url)
    {
        using var source = new UrlSource(new ScoringLimits { UrlHosts = hosts });
        Assert.Equal(url, source.Require(url).OriginalString);
    }

    [Fact]
    public async Task A_listed_host_at_an_address_that_is_not_public_is_refused_when_it_is_connected_to()
    {
        await using var server = await ServerAsync();
        using var source = new UrlSource(new ScoringLimits { UrlHosts = "localhost,127.0.0.1" });
        foreach (var url in new[] { server.Urls.First(), server.Urls.First().Replace("127.0.0.1", "localhost") })
        {
            var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => source.OpenAsync(url + "/data.csv", CancellationToken.None));
            Assert.Contains("not at a public address", refused.Message);
        }
    }

    [Theory]
    [InlineData("/data.csv", null)]
    [InlineData("/redirect?to=/data.csv", null)]
    [InlineData("/redirect?to=http://elsewhere.test/data.csv", "is not one that may be fetched from")]
    [InlineData("/redirect?to=file:///etc/passwd", "Only http and https")]
    [InlineData("/loop", "more than 5 times")]
    [InlineData("/missing", "answered 404")]
    public async Task Redirects_are_followed_by_the_same_rules(string path, string? problem)
    {
        await using var server = await ServerAsync();
        using var source = new UrlSource(new ScoringLimits { UrlHosts = "127.0.0.1" }, _ => true);
        var open = () => source.OpenAsync(server.Urls.First() + path, CancellationToken.None);
        if (problem is not null)
        {
            Assert.Contains(problem, (await Assert.ThrowsAsync<InvalidRequestException>(open)).Message);
            return;
        }

        var (content, length) = await open();
        await using (content)
        {
            using var reader = new StreamReader(content, Encoding.UTF8);
            Assert.Equal("a,b\n1,2\n", await reader.ReadToEndAsync());
            Assert.Equal(8, length);
        }
    }

    [Fact]
    public async Task A_host_that_nobody_knows_is_refused_at_once_and_not_tried_again()
    {
        // A name that never exists (RFC 6761); without a name server the answer is that none answers.
        using var source = new UrlSource(new ScoringLimits { UrlHosts = "*.invalid" }, _ => true);

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => source.OpenAsync("http://no-such-host.invalid/data.csv", CancellationToken.None));

        Assert.Equal("The host 'no-such-host.invalid' cannot be found.", refused.Message);
    }

    [Fact]
    public async Task A_host_that_takes_no_connections_is_refused_at_once()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var source = new UrlSource(new ScoringLimits { UrlHosts = "127.0.0.1" }, _ => true);

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => source.OpenAsync($"http://127.0.0.1:{port}/data.csv", CancellationToken.None));

        Assert.Equal($"The host '127.0.0.1' takes no connections on port {port}.", refused.Message);
    }

    private static Task<WebApplication> ServerAsync()
    {
        return WebServer.StartAsync(app =>
        {
            app.MapGet("/data.csv", () => Results.Bytes("a,b\n1,2\n"u8.ToArray(), "text/csv"));
            app.MapGet("/redirect", (string to) => Results.Redirect(to));
            app.MapGet("/loop", () => Results.Redirect("/loop"));
        });
    }
}
