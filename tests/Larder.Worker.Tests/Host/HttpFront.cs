using System.Collections.Concurrent;
using System.Text.Json;
using Larder.Worker.Tests.Host.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace Larder.Worker.Tests.Host;

/// <summary>
/// What callers see of the host. Routing is the Functions host's: routes in the order of the functions' names, and the first that matches path and method wins, however
/// specific it is. It asks for no keys, since every function is anonymous to it (Rules/RouteTests), invokes the function, and forwards the request to the worker's own server at the same time.
/// </summary>
internal sealed class HttpFront(FunctionInvoker invoker, IReadOnlyList<LoadedFunction> functions, Uri worker, JsonElement hostJson) : IDisposable
{
    private const string Invocation = "x-ms-invocation-id";

    private static readonly string[] OwnPaths = ["/admin", "/runtime"];

    private readonly ConcurrentDictionary<string, string> _running = new();

    // A trace goes with the invocation; the forwarded request has no more headers than the caller sent.
    private readonly HttpMessageInvoker _client =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null });

    private readonly ForwarderRequestConfig _forwarding = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };
    private readonly JsonElement _http = hostJson.GetProperty("extensions").GetProperty("http");

    /// <summary>Ids of the invocations that run, of one function.</summary>
    public IEnumerable<string> Running(string function) => _running.Where(invocation => invocation.Value == function).Select(invocation => invocation.Key);

    /// <summary>Puts it into an application's pipeline.</summary>
    public void Map(WebApplication app)
    {
        var headers = _http.GetProperty("customHeaders").EnumerateObject().ToDictionary(header => header.Name, header => new StringValues(header.Value.GetString()));
        app.Use((http, next) =>
        {
            http.Response.OnStarting(() =>
            {
                foreach (var (name, value) in headers)
                    http.Response.Headers.TryAdd(name, value);
                return Task.CompletedTask;
            });
            return next(http);
        });
        // The host's own interfaces, which no key of a function opens.
        app.Use((http, next) =>
        {
            if (!OwnPaths.Any(path => http.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)))
                return next(http);
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });

        var routes = new RouteBuilder(app, new RouteHandler(_ => Task.CompletedTask));
        var templates = new HostRoutes(app.Services.GetRequiredService<IInlineConstraintResolver>());
        var prefix = _http.GetProperty("routePrefix").GetString();
        foreach (var function in functions.Where(function => function.Trigger.Type == "httpTrigger").OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase))
        {
            routes.Routes.Add(templates.Of(
                function.Name, function.Trigger.List("methods"), $"{prefix}/{function.Trigger["route"] ?? function.Name}", http => AnswerAsync(http, function)));
        }

        app.UseRouter(routes.Build());
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task AnswerAsync(HttpContext http, LoadedFunction function)
    {
        var invocation = $"{Guid.NewGuid()}";
        http.Request.Headers[Invocation] = invocation;
        _running[invocation] = function.Name;
        try
        {
            var values = http.GetRouteData().Values.Where(value => value.Value is not null).ToDictionary(value => value.Key, value => $"{value.Value}");
            var trigger = new RpcHttp();
            trigger.Params.Add(values);
            var invoking = invoker.InvokeAsync(function, new TypedData { Http = trigger }, values, invocation, http.RequestAborted);
            var forwarder = http.RequestServices.GetRequiredService<IHttpForwarder>();
            var error = await forwarder.SendAsync(http, worker.AbsoluteUri, _client, _forwarding, HttpTransformer.Default, http.RequestAborted);
            var response = await invoking;
            if ((error != ForwarderError.None || response.Result.Status != StatusResult.Types.Status.Success) && !http.Response.HasStarted)
            {
                http.Response.Clear();
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
        finally
        {
            _running.TryRemove(invocation, out _);
        }
    }
}
