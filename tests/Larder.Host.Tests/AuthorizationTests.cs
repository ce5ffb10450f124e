using System.Net;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Host.Tests;

/// <summary>The application authenticates; the host only keeps one that does not from being reached by others than this machine's users.</summary>
public sealed class AuthorizationTests
{
    public sealed class Doors
    {
        [Function("Open")]
        public IActionResult Open([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "open")] HttpRequest request) => new OkResult();
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    public async Task Where_callers_are_not_asked_for_credentials_the_host_binds_loopback_addresses_only(string url)
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Doors)], Arguments = ["--urls", url] });

        Assert.Contains("no token, key or sign-in is configured", refusal, StringComparison.Ordinal);
        Assert.Contains("Access:AdminTokenSha256", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    public async Task Where_they_are_it_binds_any_address(string url)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], AsksForCredentials = true, Arguments = ["--urls", url] });

        using var answer = await host.Client.GetAsync("open");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("localhost", host.Address.Host);
    }
}
