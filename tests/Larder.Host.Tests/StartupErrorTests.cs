using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Larder.Host.Tests.Support;

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
        public void Run([HttpTrigger] HttpRequest one, [HttpTrigger] HttpRequest two)
        {
        }
    }

    public sealed class NotPublic
    {
        [Function("NotPublic")]
        internal void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public abstract class AbstractClass
    {
        [Function("AbstractClass")]
        public void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public sealed class BadName
    {
        [Function("bad name")]
        public void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public sealed class BadParameter
    {
        [Function("BadParameter")]
        public void Run([HttpTrigger] HttpRequest request, List<string> values)
        {
        }
    }

    public sealed class BadTriggerParameter
    {
        [Function("BadTriggerParameter")]
        public void Run([HttpTrigger] string body)
        {
        }
    }

    public sealed class BadTemplate
    {
        [Function("BadTemplate")]
        public void Run([HttpTrigger(Route = "a/{b")] HttpRequest request)
        {
        }
    }

    public sealed class BadConstraint
    {
        [Function("BadConstraint")]
        public void Run([HttpTrigger(Route = "a/{b:colour}")] HttpRequest request)
        {
        }
    }

    public sealed class AdminRoute
    {
        [Function("AdminRoute")]
        public void Run([HttpTrigger(Route = "admin/users")] HttpRequest request)
        {
        }
    }

    public sealed class RuntimeRoute
    {
        [Function("RuntimeRoute")]
        public void Run([HttpTrigger(Route = "/Runtime")] HttpRequest request)
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
        { typeof(BadTemplate), "The 'BadTemplate' function is in error: The route template 'a/{b' is not valid." },
        { typeof(BadConstraint), "The 'BadConstraint' function is in error: The route template 'a/{b:colour}' is not valid. The constraint reference 'colour' could not be resolved" },
        { typeof(AdminRoute), "The 'AdminRoute' function is in error: The specified route conflicts with one or more built in routes" },
        { typeof(RuntimeRoute), "The 'RuntimeRoute' function is in error: The specified route conflicts with one or more built in routes" },
        { typeof(SystemLevel), "The 'SystemLevel' function is in error: Authorization level 'System' is not for functions." },
        { typeof(UserLevel), "The 'UserLevel' function is in error: Authorization level 'User' is not for functions." },
        { typeof(UnknownTrigger), "The 'UnknownTrigger' function is in error: The binding type(s) 'pigeonTrigger' are not registered." },
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
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(NoTrigger), typeof(BadName), typeof(TwoTriggers)] });

        Assert.Equal(3, refusal.Split(Environment.NewLine).Length);
    }

    [Fact]
    public async Task HTTP_functions_need_the_web_application()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good)], Configure = _ => { } });

        Assert.Equal("The 'Good' function is in error: HTTP triggers are served after a call of builder.ConfigureFunctionsWebApplication(), which is missing in Program.cs.", refusal);
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
    [InlineData("The command line cannot be read: ", "-x=1")]
    public async Task A_mistake_on_the_command_line_is_a_sentence_that_names_it(string expected, params string[] arguments)
    {
        Assert.StartsWith(expected, await TestHost.RefusalAsync(new TestHostSetup { Functions = [typeof(Good)], Arguments = arguments }), StringComparison.Ordinal);
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
