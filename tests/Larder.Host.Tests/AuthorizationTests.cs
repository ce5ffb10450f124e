using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Larder.Host.Tests.Support;

namespace Larder.Host.Tests;

public sealed class AuthorizationTests
{
    private const string Keys = """
        { "Values": { "FunctionKeys:default": "host-key", "FunctionKeys__second": "second-key", "FunctionKeys:other": "other-key", "MasterKey": "master-key" } }
        """;

    public sealed class Doors
    {
        [Function("Open")]
        public IActionResult Open([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "open")] HttpRequest request) => new OkResult();

        [Function("First")]
        public IActionResult First([HttpTrigger(AuthorizationLevel.Function, "get", Route = "first")] HttpRequest request) => new OkResult();

        [Function("Second")]
        public IActionResult Second([HttpTrigger("get", Route = "second")] HttpRequest request) => new OkResult();

        [Function("Admin")]
        public IActionResult Admin([HttpTrigger(AuthorizationLevel.Admin, "get", Route = "administration")] HttpRequest request) => new OkResult();
    }

    [Theory]
    [InlineData("open", null, 200)]
    [InlineData("open", "wrong", 200)]
    [InlineData("first", null, 401)]
    [InlineData("first", "", 401)]
    [InlineData("first", "wrong", 401)]
    [InlineData("first", "host-ke", 401)]
    [InlineData("first", "host-key ", 401)]
    [InlineData("first", "HOST-KEY", 401)]
    [InlineData("first", "second-key", 401)]
    [InlineData("first", "host-key", 200)]
    [InlineData("first", "master-key", 200)]
    [InlineData("first", "other-key", 200)]
    [InlineData("second", "other-key", 200)]
    [InlineData("second", "second-key", 200)]
    [InlineData("second", "host-key", 200)]
    [InlineData("second", "master-key", 200)]
    [InlineData("second", "wrong", 401)]
    [InlineData("administration", "master-key", 200)]
    [InlineData("administration", "host-key", 401)]
    [InlineData("administration", "other-key", 401)]
    [InlineData("administration", null, 401)]
    public async Task A_key_opens_what_its_level_allows_in_the_header_and_in_the_query(string path, string? key, int expected)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], LocalSettings = Keys });
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null)
            request.Headers.TryAddWithoutValidation("x-functions-key", key);

        using var byHeader = await host.Client.SendAsync(request);
        using var byQuery = await host.Client.GetAsync(key is null ? path : $"{path}?code={Uri.EscapeDataString(key)}");

        Assert.Equal(expected, (int)byQuery.StatusCode);
        Assert.Empty(await byQuery.Content.ReadAsByteArrayAsync());
        if (key?.EndsWith(' ') != true) // HTTP itself takes spaces off the ends of a header
            Assert.Equal(expected, (int)byHeader.StatusCode);
    }

    [Fact]
    public async Task A_wrong_key_in_the_header_is_not_made_good_by_the_query()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], LocalSettings = Keys });
        using var request = new HttpRequestMessage(HttpMethod.Get, "first?code=host-key") { Headers = { { "x-functions-key", "wrong" } } };

        using var answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("""{ "Values": { "MasterKey": "", "FunctionKeys:default": "  " } }""")]
    public async Task Without_any_key_everything_is_open(string? settings)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], LocalSettings = settings });

        foreach (var path in new[] { "open", "first", "second", "administration" })
            using (var answer = await host.Client.GetAsync(path))
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task With_a_function_key_only_what_has_no_key_of_its_own_stays_shut()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], LocalSettings = """{ "Values": { "FunctionKeys:second": "k" } }""" });

        using var second = await host.Client.GetAsync("second?code=k");
        using var first = await host.Client.GetAsync("first?code=k");
        using var administration = await host.Client.GetAsync("administration?code=k");

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized],
            [second.StatusCode, first.StatusCode, administration.StatusCode]);
    }

    [Fact]
    public async Task A_key_with_a_former_name_of_a_function_opens_that_function_and_no_other()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Doors)],
            LocalSettings = """{ "Values": { "FunctionKeys:OLDSECOND": "k" } }""",
            FormerNames = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["OldSecond"] = "Second" },
        });

        using var second = await host.Client.GetAsync("second?code=k");
        using var first = await host.Client.GetAsync("first?code=k");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Unauthorized], [second.StatusCode, first.StatusCode]);
    }

    [Fact]
    public async Task A_key_that_is_called_as_a_disabled_function_opens_no_other()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Doors)],
            LocalSettings = """{ "Values": { "FunctionKeys:second": "k", "AzureWebJobs.Second.Disabled": true } }""",
        });

        using var second = await host.Client.GetAsync("second?code=k");
        using var first = await host.Client.GetAsync("first?code=k");

        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.Unauthorized], [second.StatusCode, first.StatusCode]);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    public async Task Without_any_key_the_host_binds_loopback_addresses_only(string url)
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Doors)], Arguments = ["--urls", url] });

        Assert.Contains("no keys are configured", refusal, StringComparison.Ordinal);
        Assert.Contains("FunctionKeys:default", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    public async Task With_keys_the_host_binds_any_address(string url)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup { Functions = [typeof(Doors)], LocalSettings = Keys, Arguments = ["--urls", url] });

        using var answer = await host.Client.GetAsync("first?code=host-key");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("localhost", host.Address.Host);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    [InlineData(30_000)]
    public void Keys_of_any_length_are_told_apart(int length)
    {
        var key = string.Create(length, 0, static (text, _) => text.Fill('ü'));
        var keys = new FunctionKeys(
            new ConfigurationBuilder().AddInMemoryCollection([new("MasterKey", key)]).Build(), new SelfHostOptions { FunctionAssembly = GetType().Assembly }).For("any", []);

        Assert.True(keys.Opens(key));
        Assert.False(keys.Opens(key[..^1]));
        Assert.False(keys.Opens(key + "ü"));
        Assert.False(keys.Opens(key[..^1] + "u"));
    }
}
