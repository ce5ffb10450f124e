using System.Net;
using System.Net.Sockets;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests;

public sealed class StartupErrorTests
{
    public sealed class Good
    {
        [Function("Good")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "good/{id}")] HttpRequest request) => new OkResult();
    }

    public sealed class SameName
    {
        [Function("good")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "other")] HttpRequest request) => new OkResult();
    }

    public sealed class SameRoute
    {
        [Function("Twin")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", "get", Route = "GOOD/{name}")] HttpRequest request) => new OkResult();
    }

    public sealed class NoTrigger
    {
        [Function("NoTrigger")]
        public void Run(string text)
        {
        }
    }

    public sealed class TwoTriggers
    {
        [Function("TwoTriggers")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest one, [HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest two)
        {
        }
    }

    public sealed class NotPublic
    {
        [Function("NotPublic")]
        internal void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
        }
    }

    public abstract class AbstractClass
    {
        [Function("AbstractClass")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
        }
    }

    public sealed class BadName
    {
        [Function("bad name")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
        }
    }

    public sealed class BadParameter
    {
        [Function("BadParameter")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, List<string> values)
        {
        }
    }

    public sealed class BadTriggerParameter
    {
        [Function("BadTriggerParameter")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] string body)
        {
        }
    }

    public sealed class BadTemplate
    {
        [Function("BadTemplate")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "a/{b")] HttpRequest request)
        {
        }
    }

    public sealed class BadConstraint
    {
        [Function("BadConstraint")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "a/{b:colour}")] HttpRequest request)
        {
        }
    }

    public sealed class SlashRoute
    {
        [Function("SlashRoute")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "/")] HttpRequest request)
        {
        }
    }

    public sealed class LeadingSlash
    {
        [Function("LeadingSlash")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "/models")] HttpRequest request)
        {
        }
    }

    public sealed class EmptyRoute
    {
        [Function("EmptyRoute")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "")] HttpRequest request)
        {
        }
    }

    public sealed class SettingInRoute
    {
        [Function("SettingInRoute")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "%Prefix%/models")] HttpRequest request)
        {
        }
    }

    [AttributeUsage(AttributeTargets.All)]
    public sealed class PigeonOutputAttribute : OutputBindingAttribute;

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class PigeonInputAttribute : InputBindingAttribute;

    public sealed class OutputOfMethod
    {
        [Function("OutputOfMethod"), PigeonOutput]
        public string Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => "";
    }

    public sealed class OutputOfResult
    {
        public sealed class Answers
        {
            [HttpResult]
            public IActionResult? Answer { get; set; }

            [PigeonOutput]
            public string? Letter { get; set; }
        }

        [Function("OutputOfResult")]
        public Task<Answers> Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Task.FromResult(new Answers());
    }

    public sealed class UnknownInput
    {
        [Function("UnknownInput")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, [PigeonInput] string letter)
        {
        }
    }

    public sealed class RetriedByTheHost
    {
        [Function("RetriedByTheHost"), FixedDelayRetry(5, "00:00:10")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request)
        {
        }
    }

    public sealed class AdminRoute
    {
        [Function("AdminRoute")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "admin/users")] HttpRequest request)
        {
        }
    }

    public sealed class RuntimeRoute
    {
        [Function("RuntimeRoute")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = "/Runtime")] HttpRequest request)
        {
        }
    }

    public sealed class FunctionLevel
    {
        [Function("FunctionLevel")]
        public void Run([HttpTrigger(AuthorizationLevel.Function)] HttpRequest request)
        {
        }
    }

    public sealed class NoLevel
    {
        [Function("NoLevel")]
        public void Run([HttpTrigger("get")] HttpRequest request)
        {
        }
    }

    public sealed class SystemLevel
    {
        [Function("SystemLevel")]
        public void Run([HttpTrigger(AuthorizationLevel.System)] HttpRequest request)
        {
        }
    }

    public sealed class UserLevel
    {
        [Function("UserLevel")]
        public void Run([HttpTrigger(AuthorizationLevel.User)] HttpRequest request)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class PigeonTriggerAttribute : TriggerBindingAttribute;

    public sealed class UnknownTrigger
    {
        [Function("UnknownTrigger")]
        public void Run([PigeonTrigger] string message)
        {
        }
    }

    public static TheoryData<Type, string> Errors => new()
    {
        { typeof(NoTrigger), "The 'NoTrigger' function is in error: No trigger binding specified. A function must have a trigger input binding." },
        { typeof(TwoTriggers), "The 'TwoTriggers' function is in error: Multiple trigger bindings defined ('one', 'two'). A function can only have a single trigger binding." },
        { typeof(NotPublic), "The 'NotPublic' function is in error: its method Larder.Host.Tests.StartupErrorTests+NotPublic.Run must be public." },
        { typeof(AbstractClass), "The 'AbstractClass' function is in error: its method Larder.Host.Tests.StartupErrorTests+AbstractClass.Run must not be generic" },
        { typeof(BadName), "The 'bad name' function is in error: 'bad name' is not a valid function name." },
        { typeof(BadParameter), "The 'BadParameter' function is in error: Cannot bind parameter 'values' to type List<String>. Make sure the parameter Type is supported by the binding (httpTrigger)." },
        { typeof(BadTriggerParameter), "The 'BadTriggerParameter' function is in error: Cannot bind parameter 'body' to type String." },
        { typeof(BadTemplate), "The 'BadTemplate' function is in error: The route template '/a/{b' is not valid." },
        { typeof(BadConstraint), "The 'BadConstraint' function is in error: The route template '/a/{b:colour}' is not valid. The constraint reference 'colour' could not be resolved" },
        { typeof(AdminRoute), "The 'AdminRoute' function is in error: The specified route conflicts with one or more built in routes" },
        { typeof(RuntimeRoute), "The 'RuntimeRoute' function is in error: The specified route conflicts with one or more built in routes" },
        { typeof(SystemLevel), "The 'SystemLevel' function is in error: Authorization level 'System' is not supported" },
        { typeof(UserLevel), "The 'UserLevel' function is in error: Authorization level 'User' is not supported" },
        { typeof(FunctionLevel), "The 'FunctionLevel' function is in error: Authorization level 'Function' is not supported: this host has no keys." },
        { typeof(NoLevel), "The 'NoLevel' function is in error: Authorization level 'Function' is not supported: this host has no keys." },
        { typeof(UnknownTrigger), "The 'UnknownTrigger' function is in error: its binding 'pigeonTrigger' is not supported by the self-host, which has " },
        { typeof(OutputOfMethod), "The 'OutputOfMethod' function is in error: its binding 'pigeonOutput' is not supported by the self-host, which has " },
        { typeof(OutputOfResult), "The 'OutputOfResult' function is in error: its binding 'httpResult' is not supported by the self-host, which has " },
        { typeof(UnknownInput), "The 'UnknownInput' function is in error: its binding 'pigeonInput' is not supported by the self-host, which has " },
        { typeof(RetriedByTheHost), "The 'RetriedByTheHost' function is in error: its binding 'fixedDelayRetry' is not supported by the self-host, which has " },
        { typeof(SlashRoute), "The 'SlashRoute' function is in error: The route template '//' is not valid. " },
        { typeof(LeadingSlash), "The 'LeadingSlash' function is in error: The route template '//models' is not valid. " },
        { typeof(EmptyRoute), "The 'EmptyRoute' function is in error: Its route is empty: " },
        { typeof(SettingInRoute), "The 'SettingInRoute' function is in error: The route template '%Prefix%/models' has a '%': routes do not name settings." },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task A_function_in_error_keeps_the_host_from_starting_and_is_named(Type functions, string expected)
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good), functions] });

        Assert.StartsWith(expected, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_functions_of_one_name_are_an_error_that_names_both_methods()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good), typeof(SameName)] });

        Assert.StartsWith("The 'good' function is in error: its name is used by Larder.Host.Tests.StartupErrorTests+Good.Run too", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_functions_that_would_answer_the_same_requests_are_an_error()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good), typeof(SameRoute)] });

        Assert.Equal("The 'Twin' function is in error: The route specified conflicts with the route defined by function 'Good'.", refusal);
    }

    [Fact]
    public async Task All_errors_are_reported_at_once()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup
        {
            Functions = [typeof(NoTrigger), typeof(BadName), typeof(Good), typeof(SameName), typeof(SameRoute), typeof(BadTemplate), typeof(UnknownTrigger)],
        });

        // Of every stage of the start: names, triggers, bindings, routes.
        Assert.Equal(
            ["bad name", "BadTemplate", "good", "NoTrigger", "Twin", "UnknownTrigger"],
            refusal.Split(Environment.NewLine).Select(line => line.Split('\'')[1]).Order(StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_the_self_host_supports_is_said_with_what_it_does_not()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(UnknownTrigger)] });

        foreach (var type in new[] { "httpTrigger", "blobTrigger", "timerTrigger" })
            Assert.Contains(type, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"version\": \"2.0\",\n \"extensions\": }", "host.json is not valid JSON (line 2, position 16).")]
    [InlineData("[]", "host.json must hold a JSON object.")]
    [InlineData("{}", "The host.json file must say \"version\": \"2.0\".")]
    [InlineData("""{ "version": 2 }""", "The host.json file must say \"version\": \"2.0\".")]
    [InlineData("""{ "version": "2.0", "functionTimeout": "soon" }""", "host.json: 'functionTimeout' must be a positive time such as 00:05:00, or -1 for no limit; it is 'soon'.")]
    [InlineData("""{ "version": "2.0", "extensions": "http" }""", "host.json: 'extensions' must be an object; it is 'http'.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": 1 } }""", "host.json: 'extensions.http' must be an object; it is '1'.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "maxConcurrentRequests": "many" } } }""", "host.json: 'extensions.http.maxConcurrentRequests' must be a positive whole number, or -1 for no limit; it is 'many'.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "routePrefix": {"a": 1} } } }""", "host.json: 'extensions.http.routePrefix' must be a text; it is an object.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "customHeaders": "none" } } }""", "host.json: 'extensions.http.customHeaders' must be an object; it is 'none'.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "customHeaders": { "X-A": {"b": 1} } } } }""", "host.json: 'extensions.http.customHeaders.X-A' must be a text; it is an object.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "hsts": { "isEnabled": "perhaps" } } } }""", "host.json: 'extensions.http.hsts.isEnabled' must be true or false; it is 'perhaps'.")]
    [InlineData("""{ "version": "2.0", "functionTimeout": { "a": 1 } }""", "host.json: 'functionTimeout' must be a positive time such as 00:05:00, or -1 for no limit; it is an object.")]
    [InlineData("""{ "version": "2.0", "extensions": { "http": { "maxOutstandingRequests": 0 } } }""", "host.json: 'extensions.http.maxOutstandingRequests' must be a positive whole number, or -1 for no limit; it is '0'.")]
    [InlineData("""{ "version": "2.0", "logging": { "logLevel": { "default": "Loud" } } }""", "host.json: 'logging.logLevel.default' must be one of Trace, Debug, Information, Warning, Error, Critical, None; it is 'Loud'.")]
    public async Task A_mistake_in_host_json_is_a_sentence_that_names_it(string hostJson, string expected)
    {
        Assert.Equal(expected, await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good)], HostJson = hostJson }));
    }

    [Theory]
    [InlineData("{", "local.settings.json is not valid JSON")]
    [InlineData("""{ "Values": [] }""", "local.settings.json: 'Values' must be an object.")]
    [InlineData("""{ "Values": { "A": {} } }""", "local.settings.json: 'Values.A' must be a text, a number, true or false.")]
    [InlineData("""{ "IsEncrypted": true, "Values": {} }""", "local.settings.json is encrypted.")]
    [InlineData("""{ "Values": { "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "big" } }""", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT must be a positive number of bytes; it is 'big'.")]
    public async Task A_mistake_in_local_settings_is_a_sentence_that_names_it(string settings, string expected)
    {
        Assert.StartsWith(expected, await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good)], LocalSettings = settings }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port must be a port number from 0 (any free port) to 65535; it is '70000'.", "--port", "70000")]
    [InlineData("--port must be a port number from 0 (any free port) to 65535; it is 'http'.", "-p", "http")]
    [InlineData("Unrecognized command or argument '--colour'.", "--colour", "red")]
    [InlineData("Unrecognized command or argument 'start'.", "start")]
    [InlineData("Required argument missing for option: '--port'.", "--port")]
    [InlineData("--setting must be NAME=VALUE; it is 'NAME'.", "--setting", "NAME")]
    public void A_mistake_on_the_command_line_is_a_sentence_that_names_it_and_exit_code_2(string expected, params string[] arguments)
    {
        var error = Assert.Throws<SelfHostException>(() => HostCommandLine.Parse(arguments));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_sentence_that_names_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good)], Arguments = ["-p", $"{port}"] });

        Assert.Equal($"Port {port} is unavailable. Close the process using that port, or specify another port using --port.", refusal);
    }

    [Fact]
    public async Task A_service_that_cannot_be_made_is_a_sentence()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup
        {
            Functions = [typeof(Good)],
            Configure = builder =>
            {
                builder.Services.AddSingleton<NeedsSomething>();
            },
        });

        Assert.Contains(nameof(NeedsSomething), refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_are_not_valid_are_their_own_sentences()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup
        {
            Functions = [typeof(Good)],
            Configure = builder =>
            {
                builder.Services.AddOptions<Size>().Validate(size => size.Value > 0, "Size must be positive.").ValidateOnStart();
            },
        });

        Assert.Equal("Size must be positive.", refusal);
    }

    public sealed class Size
    {
        public int Value { get; set; }
    }

    public sealed class NeedsSomething(IDisposable missing)
    {
        public IDisposable Missing { get; } = missing;
    }
}
