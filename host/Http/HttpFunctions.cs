using Larder.Host.Functions;
using Larder.Host.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Larder.Host.Http;

/// <summary>Makes every HTTP function an endpoint of ASP.NET Core's routing.</summary>
internal sealed class HttpFunctions(
    FunctionCatalog catalog, FunctionHost host, HttpThrottle throttle, HttpOptions options, ProxyOptions proxy, SelfHostOptions selfHost)
{
    private readonly HttpFunctionContexts _contexts = new(host);

    /// <summary>Maps the catalogue's functions.</summary>
    /// <param name="app">Where to.</param>
    /// <param name="errors">Gets a sentence for each function whose route another has.</param>
    public void Configure(WebApplication app, FunctionErrors errors)
    {
        var functions = catalog.Functions.Where(function => function.Binding is HttpTriggerBinding).ToList();
        foreach (var function in functions)
        {
            foreach (var other in functions.TakeWhile(earlier => earlier != function).Where(earlier => RouteOf(earlier).ConflictsWith(RouteOf(function))))
                errors.Collect(() => throw function.Error($"The route specified conflicts with the route defined by function '{other.Name}'."));
        }

        proxy.Configure(app);
        // Behind the base path: without this line, routing would be the first middleware.
        app.UseRouting();
        if (options.Hsts)
            app.UseHsts();
        var endpoints = functions.Select(Endpoint).ToList();
        // Only if it is the last in order: it would take what is before others.
        var rest = functions.Count > 0 && RouteOf(functions[^1]).TakesAllPaths ? endpoints[^1] : null;
        app.Use(next => RestGoesTo(rest, next));
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(rest is null ? endpoints : endpoints[..^1]));
    }

    private static FunctionRoute RouteOf(HostFunction function) => ((HttpTriggerBinding)function.Binding).Route;

    // The Functions host tries functions in the order of their names, and the first whose route and method match gets the request. Routing
    // prefers the more specific template only among endpoints of one order: each has its own, so the names decide.
    private RouteEndpoint Endpoint(HostFunction function, int order)
    {
        var binding = (HttpTriggerBinding)function.Binding;
        var endpoint = new HttpFunctionEndpoint(function, _contexts, throttle, options, selfHost.WriteRefusal);
        var builder = new RouteEndpointBuilder(endpoint.InvokeAsync, binding.Route.Pattern, order) { DisplayName = function.Name };
        if (binding.Route.Methods.Count > 0)
            builder.Metadata.Add(new HttpMethodMetadata(binding.Route.Methods));
        return (RouteEndpoint)builder.Build();
    }

    // What routing matches with no function goes to the one for all paths, if there is one. As a route, that would be matched with every request, and the path copied for it, before another that matches
    // too is chosen. Routing answers a known path with an unknown method by an endpoint of its own, 405: to the Functions host it is as if nothing matched.
    private static RequestDelegate RestGoesTo(RouteEndpoint? rest, RequestDelegate next)
    {
        var methods = rest?.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
        return http =>
        {
            if (http.GetEndpoint() is RouteEndpoint)
                return next(http);
            var isTaken = rest is not null && (methods.Count == 0 || methods.Contains(http.Request.Method, StringComparer.OrdinalIgnoreCase));
            http.SetEndpoint(isTaken ? rest : null);
            if (isTaken)
                http.Request.RouteValues = new RouteValueDictionary { [rest!.RoutePattern.Parameters[0].Name] = http.Request.Path.Value is { Length: > 1 } path ? path[1..] : null };
            return next(http);
        };
    }
}
