using Larder.Host.Configuration;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Http;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Tests;

public sealed class ConfigurationTests : IDisposable
{
    // Environment variables belong to the process: this one is only of these tests.
    private const string Variable = "LARDER_HOST_TESTS__Setting";

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, null);

    public sealed class Functions
    {
        [Function("Echo")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkResult();
    }

    [Fact]
    public async Task Local_settings_are_overridden_by_the_environment_and_that_by_the_command_line()
    {
        const string key = "LARDER_HOST_TESTS:Setting";
        var setup = new TestHostSetup { LocalSettings = """{ "Values": { "LARDER_HOST_TESTS__Setting": "file", "Other:Name": 7, "Flag": true } }""" };

        await using var file = TestHost.Build(setup);
        Environment.SetEnvironmentVariable(Variable, "environment");
        await using var environment = TestHost.Build(setup);
        await using var commandLine = TestHost.Build(setup with { Arguments = ["--setting", $"{key}=command line"] });

        Assert.Equal("file", file.Services.GetRequiredService<IConfiguration>()[key]);
        Assert.Equal("7", file.Services.GetRequiredService<IConfiguration>()["Other:Name"]);
        Assert.Equal("true", file.Services.GetRequiredService<IConfiguration>()["Flag"]);
        Assert.Equal("environment", environment.Services.GetRequiredService<IConfiguration>()[key]);
        Assert.Equal("command line", commandLine.Services.GetRequiredService<IConfiguration>()[key]);
    }

    [Fact]
    public async Task Local_settings_may_hold_comments_and_connection_strings()
    {
        await using var host = TestHost.Build(new TestHostSetup
        {
            LocalSettings = """
                {
                  // not JSON, but usual
                  "Values": { "A": "b", },
                  "ConnectionStrings": { "Db": "Server=x" }
                }
                """,
        });

        var configuration = host.Services.GetRequiredService<IConfiguration>();
        Assert.Equal("b", configuration["A"]);
        Assert.Equal("Server=x", configuration.GetConnectionString("Db"));
    }

    [Fact]
    public async Task Settings_can_override_host_json()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Functions)],
            LocalSettings = """{ "Values": { "AzureFunctionsJobHost__extensions__http__routePrefix": "over" } }""",
        });

        using var answer = await host.Client.GetAsync("over/Echo");

        Assert.True(answer.IsSuccessStatusCode);
    }

    [Theory]
    [InlineData(null, 100, 200)]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "maxConcurrentRequests": -1, "maxOutstandingRequests": 7 } } }""", null, 7)]
    public async Task Limits_of_requests_have_the_defaults_of_the_functions_host(string? hostJson, int? concurrent, int? outstanding)
    {
        await using var host = TestHost.Build(new TestHostSetup { HostJson = hostJson });

        var options = host.Services.GetRequiredService<HttpOptions>();
        Assert.Equal(concurrent, options.MaxConcurrentRequests);
        Assert.Equal(outstanding, options.MaxOutstandingRequests);
    }

    [Fact]
    public async Task Bodies_are_limited_as_by_the_functions_host_unless_the_application_says_otherwise()
    {
        await using var unsaid = TestHost.Build(new TestHostSetup());
        await using var said = TestHost.Build(new TestHostSetup
        {
            Configure = builder =>
            {
                builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = 5);
            },
        });

        Assert.Equal(104_857_600, unsaid.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxRequestBodySize);
        Assert.Equal(5, said.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxRequestBodySize);
    }

    [Theory]
    [InlineData(null, "Function.Any", LogLevel.Information)]
    [InlineData(null, "Host.Storage", LogLevel.Information)]
    [InlineData(null, "MyApplication.Thing", LogLevel.Information)]
    [InlineData(null, "Microsoft.AspNetCore.Hosting", LogLevel.Warning)]
    [InlineData(null, "System.Net.Http.HttpClient", LogLevel.Warning)]
    [InlineData(null, "Azure.Core", LogLevel.Warning)]
    [InlineData("""{ "default": "Error", "Function": "Debug", "Microsoft.AspNetCore": "Information" }""", "MyApplication.Thing", LogLevel.Error)]
    [InlineData("""{ "default": "Error", "Function": "Debug", "Microsoft.AspNetCore": "Information" }""", "Function.Any", LogLevel.Debug)]
    [InlineData("""{ "default": "Error", "Function": "Debug", "Microsoft.AspNetCore": "Information" }""", "Microsoft.AspNetCore.Hosting", LogLevel.Information)]
    [InlineData("""{ "default": "Error", "Function": "Debug", "Microsoft.AspNetCore": "Information" }""", "Microsoft.Extensions", LogLevel.Warning)]
    public async Task What_is_logged_depends_on_the_category_and_on_host_json(string? levels, string category, LogLevel lowest)
    {
        await using var host = TestHost.Build(new TestHostSetup { HostJson = levels is null ? null : $$"""{ "version": "2.0", "logging": { "logLevel": {{levels}} } }""" });

        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

        Assert.True(logger.IsEnabled(lowest));
        Assert.False(logger.IsEnabled(lowest - 1));
    }

    [Fact]
    public async Task The_environment_is_Development_as_with_func_start_and_shows_no_exception_page()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Configure = builder =>
            {
                Assert.Equal(Environments.Development, builder.Environment.EnvironmentName);
                builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.IStartupFilter, FaultyFilter>();
            },
        });

        using var answer = await host.Client.GetAsync("any");

        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public void The_port_comes_from_the_command_line_then_urls_then_local_settings()
    {
        var settings = """{ "Values": { "urls": "http://127.0.0.1:2;http://127.0.0.1:3" }, "Host": { "LocalHttpPort": 4 } }""";
        var onlyPort = """{ "Host": { "LocalHttpPort": 4 } }""";
        static string[] Addresses(string? local, params string[] arguments) =>
            ListenAddresses.Choose(HostCommandLine.Parse(arguments), Read(local, arguments));

        Assert.Equal(["http://localhost:1"], Addresses(settings, "--port", "1", "--urls", "http://127.0.0.1:9"));
        Assert.Equal(["http://127.0.0.1:0"], Addresses(settings, "-p", "0"));
        Assert.Equal(["http://127.0.0.1:9"], Addresses(settings, "--urls", "http://127.0.0.1:9"));
        Assert.Equal(["http://127.0.0.1:2", "http://127.0.0.1:3"], Addresses(settings));
        Assert.Equal(["http://localhost:4"], Addresses(onlyPort));
        Assert.Equal(["http://localhost:7071"], Addresses(null));
    }

    [Fact]
    public async Task A_port_for_gRPC_is_refused_where_the_application_has_no_such_services()
    {
        Assert.Equal("--grpc-port: this application has no gRPC services.", await TestHost.RefusalAsync(new TestHostSetup { Arguments = ["--grpc-port", "0"] }));
        Assert.Contains("--grpc-port must be a port number", Assert.Throws<SelfHostException>(() => HostCommandLine.Parse(["--grpc-port", "x"])).Message);
    }

    [Fact]
    public void Storage_is_the_emulator_unless_a_setting_says_otherwise()
    {
        Assert.Equal("UseDevelopmentStorage=true", Read(null)["AzureWebJobsStorage"]);
        Assert.Equal("AccountName=a", Read("""{ "Values": { "AzureWebJobsStorage": "AccountName=a" } }""")["AzureWebJobsStorage"]);
    }

    private static IConfiguration Read(string? localSettings, params string[] arguments)
    {
        var configuration = new ConfigurationManager();
        using var folder = new TemporaryFolder();
        if (localSettings is not null)
            File.WriteAllText(Path.Combine(folder.Path, "local.settings.json"), localSettings);
        HostConfiguration.AddSources(configuration, folder.Path, HostCommandLine.Parse(arguments));
        return configuration;
    }

    private sealed class FaultyFilter : Microsoft.AspNetCore.Hosting.IStartupFilter
    {
        public Action<Microsoft.AspNetCore.Builder.IApplicationBuilder> Configure(Action<Microsoft.AspNetCore.Builder.IApplicationBuilder> next) => app =>
        {
            app.Use(_ => _ => throw new InvalidOperationException("secret detail"));
            next(app);
        };
    }
}
