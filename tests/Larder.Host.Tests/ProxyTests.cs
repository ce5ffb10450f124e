using System.Net;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Host.Tests;

/// <summary>What a reverse proxy says of its client, and the path below which it shows the host.</summary>
public sealed class ProxyTests
{
    /// <summary>Tells how a request looks from inside.</summary>
    public sealed class Seen
    {
        [Function("Seen")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "seen/{**rest}")] HttpRequest request) =>
            new ContentResult { Content = $"{UriHelper.BuildAbsolute(request.Scheme, request.Host, request.PathBase, request.Path)} {request.HttpContext.Connection.RemoteIpAddress}" };

        [Function("Start")]
        public IActionResult Start([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{root:maxlength(0)?}")] HttpRequest request) =>
            new ContentResult { Content = $"start {request.PathBase}" };
    }

    [Fact]
    public async Task Without_known_proxies_the_headers_have_no_meaning()
    {
        await using var host = await StartAsync();

        Assert.Equal($"{host.Address}seen/it 127.0.0.1", await SeenAsync(host, "seen/it", "203.0.113.7", "https"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0/8")]
    [InlineData("10.0.0.1, ::1, 127.0.0.1")]
    [InlineData("0.0.0.0/0,::/0")]
    public async Task A_known_proxy_says_who_calls_and_by_which_scheme(string proxies)
    {
        await using var host = await StartAsync(("SelfHost:KnownProxies", proxies));

        Assert.Equal($"https://127.0.0.1:{host.Address.Port}/seen/it 203.0.113.7", await SeenAsync(host, "seen/it", "203.0.113.7", "https"));
    }

    [Fact]
    public async Task Another_proxy_is_not_believed()
    {
        await using var host = await StartAsync(("SelfHost:KnownProxies", "10.0.0.0/8"));

        Assert.Equal($"{host.Address}seen/it 127.0.0.1", await SeenAsync(host, "seen/it", "203.0.113.7", "https"));
    }

    [Theory]
    [InlineData("1", "10.0.0.9")]
    [InlineData("2", "203.0.113.7")]
    [InlineData("3", "203.0.113.7")]
    public async Task What_a_client_writes_in_front_of_the_known_proxies_is_not_believed(string limit, string expected)
    {
        await using var host = await StartAsync(("SelfHost:KnownProxies", "127.0.0.1,10.0.0.0/8"), ("SelfHost:ForwardLimit", limit));

        // The client's own word, the client as the first proxy saw it, the first proxy as the second saw it.
        Assert.EndsWith($" {expected}", await SeenAsync(host, "seen/it", "192.0.2.1, 203.0.113.7, 10.0.0.9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forwarded_host_is_not_taken()
    {
        await using var host = await StartAsync(("SelfHost:KnownProxies", "127.0.0.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "seen/it") { Headers = { { "X-Forwarded-Host", "evil.example" } } };
        using var answer = await host.Client.SendAsync(request);

        Assert.StartsWith($"{host.Address}seen/it ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/larder", "larder/seen/it", "larder/seen/it")]
    [InlineData("/larder/", "larder/seen/it", "larder/seen/it")]
    [InlineData("/team-a/larder_2.0", "team-a/larder_2.0/seen/it", "team-a/larder_2.0/seen/it")]
    [InlineData("/larder", "LARDER/seen/it", "larder/seen/it")]
    [InlineData("/larder", "seen/it", "larder/seen/it")]
    [InlineData("/larder", "seen/larder/it", "larder/seen/larder/it")]
    public async Task A_base_path_is_not_part_of_routes_and_is_part_of_links_whether_the_proxy_removes_it_or_not(string path, string asked, string expected)
    {
        await using var host = await StartAsync(("SelfHost:PathBase", path));

        Assert.Equal($"{host.Address}{expected} 127.0.0.1", await SeenAsync(host, asked));
    }

    [Theory]
    [InlineData("larder")]
    [InlineData("larder/")]
    [InlineData("")]
    public async Task The_base_path_itself_is_the_start(string asked)
    {
        await using var host = await StartAsync(("SelfHost:PathBase", "/larder"));

        Assert.Equal("start /larder", await host.Client.GetStringAsync(asked));
    }

    [Fact]
    public async Task A_path_that_only_begins_with_the_same_letters_is_another()
    {
        await using var host = await StartAsync(("SelfHost:PathBase", "/larder"));
        using var answer = await host.Client.GetAsync("larders/seen/it");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("SelfHost:PathBase", "larder", "The setting 'SelfHost:PathBase' must be a path such as /larder, of letters, digits, '-', '_' and '.'; it is 'larder'.")]
    [InlineData("SelfHost:PathBase", "/a//b", "The setting 'SelfHost:PathBase' must be a path such as /larder, of letters, digits, '-', '_' and '.'; it is '/a//b'.")]
    [InlineData("SelfHost:PathBase", "/..", "The setting 'SelfHost:PathBase' must be a path such as /larder, of letters, digits, '-', '_' and '.'; it is '/..'.")]
    [InlineData("SelfHost:PathBase", "/a b", "The setting 'SelfHost:PathBase' must be a path such as /larder, of letters, digits, '-', '_' and '.'; it is '/a b'.")]
    [InlineData("SelfHost:KnownProxies", "proxy.example", "The setting 'SelfHost:KnownProxies' must be addresses and networks such as 10.0.0.5, 10.1.0.0/16, separated by commas; 'proxy.example' is neither.")]
    [InlineData("SelfHost:ForwardLimit", "0", "The setting 'SelfHost:ForwardLimit' must be a number from 1 to 100; it is '0'.")]
    [InlineData("SelfHost:DrainDelay", "soon", "The setting 'SelfHost:DrainDelay' must be a time from 00:00:00 to 00:10:00; it is 'soon'.")]
    [InlineData("SelfHost:LogFormat", "xml", "The setting 'SelfHost:LogFormat' must be text, json or systemd; it is 'xml'.")]
    public async Task A_value_that_cannot_be_used_is_one_sentence(string name, string value, string sentence) => Assert.Equal(
        sentence, await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Seen)], Arguments = ["--port", "0", "--setting", $"{name}={value}"] }));

    private static Task<TestHost> StartAsync(params (string Name, string? Value)[] settings) =>
        TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Seen)], Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value) });

    private static async Task<string> SeenAsync(TestHost host, string path, string? forwardedFor = null, string? proto = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        if (proto is not null)
            request.Headers.Add("X-Forwarded-Proto", proto);
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
