using System.Net;
using System.Runtime.CompilerServices;
using Larder.Host.Hosting;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Tests;

/// <summary>Each value of host.json that has an effect, and the warning of those that have none.</summary>
public sealed class HostJsonTests
{
    public sealed class Functions
    {
        [Function("Echo")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkResult();
    }

    [Fact]
    public async Task Custom_headers_are_on_answers()
    {
        await using var host = await TestHost.StartAsync(Setup("""{ "http": { "customHeaders": { "X-One": "1", "X-Two": "2" } } }"""));

        using var answer = await host.Client.GetAsync("api/Echo");

        Assert.Equal(["1"], answer.Headers.GetValues("X-One"));
        Assert.Equal(["2"], answer.Headers.GetValues("X-Two"));
    }

    [Theory]
    [InlineData("""{ "isEnabled": true, "maxAge": "365", "includeSubDomains": true, "preload": true }""", "max-age=31536000; includeSubDomains; preload")]
    [InlineData("""{ "isEnabled": true, "maxAge": "1.12:00:00" }""", "max-age=129600")]
    [InlineData("""{ "isEnabled": false, "maxAge": "365" }""", null)]
    public async Task Strict_transport_security_is_told_over_HTTPS(string hsts, string? expected)
    {
        await using var host = await TestHost.StartAsync(Setup($$"""{ "http": { "hsts": {{hsts}} } }""") with
        {
            // As a proxy that ends TLS makes it known to the application.
            Configure = builder => builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.IStartupFilter, OverHttps>(),
        });

        using var request = new HttpRequestMessage(HttpMethod.Get, "api/Echo") { Headers = { Host = "larder.example" } };
        using var answer = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(expected, answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? Assert.Single(values) : null);
    }

    [Fact]
    public async Task What_is_not_read_in_a_section_of_the_self_host_is_named_in_one_warning()
    {
        await using var host = TestHost.Build(Setup("""{ "http": { "routePrefix": "", "dynamicThrottlesEnabled": true, "hsts": { "excludedHosts": ["a"] } }, "queues": { "batchSize": 3 } }"""));

        var warning = Assert.Single(host.Log.Entries, entry => entry.Level >= LogLevel.Warning);
        Assert.Equal("host.json: the self-host does not read extensions.http.dynamicThrottlesEnabled, extensions.http.hsts.excludedHosts.0.", warning.Message);
    }

    [Fact]
    public async Task Values_in_no_section_are_named_too_and_sections_of_the_functions_host_are_not()
    {
        await using var host = TestHost.Build(new TestHostSetup
        {
            HostJson = """{ "version": "2.0", "watchFiles": "a.txt", "functionTimeout": "00:05:00", "logging": { "logLevel": { "default": "Warning" }, "applicationInsights": { "samplingSettings": { "isEnabled": true } } } }""",
        });

        var warning = Assert.Single(host.Log.Entries, entry => entry.Level >= LogLevel.Warning);
        Assert.Equal("host.json: the self-host does not read watchFiles.", warning.Message);
        Assert.Equal(TimeSpan.FromMinutes(5), host.Services.GetRequiredService<FunctionHost>().FunctionTimeout);
    }

    [Fact]
    public async Task Larder_s_own_host_json_has_nothing_that_is_not_read()
    {
        await using var host = TestHost.Build(new TestHostSetup { HostJson = await File.ReadAllTextAsync(OwnHostJson()) });

        Assert.DoesNotContain(host.Log.Entries, entry => entry.Level >= LogLevel.Warning);
        Assert.Equal(TimeSpan.FromDays(365), host.Services.GetRequiredService<IOptions<HstsOptions>>().Value.MaxAge);
    }

    private static TestHostSetup Setup(string extensions) => new()
    {
        Functions = [typeof(Functions)],
        HostJson = $$"""{ "version": "2.0", "extensions": {{extensions}} }""",
    };

    private static string OwnHostJson([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "../../functions/host.json");

    private sealed class OverHttps : Microsoft.AspNetCore.Hosting.IStartupFilter
    {
        public Action<Microsoft.AspNetCore.Builder.IApplicationBuilder> Configure(Action<Microsoft.AspNetCore.Builder.IApplicationBuilder> next) => app =>
        {
            app.Use(inner => http =>
            {
                http.Request.Scheme = "https";
                return inner(http);
            });
            next(app);
        };
    }
}
