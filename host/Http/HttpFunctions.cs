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
        app.Use(WrongMethodIsNotFound);
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(functions.Select(Endpoint).ToArray()));
    }

    private static FunctionRoute RouteOf(HostFunction function) => ((HttpTriggerBinding)function.Binding).Route;

    // The Functions host tries functions in the order of their names, and the first whose route and method match gets the request. Routing
    // prefers the more specific template only among endpoints of one order: each has its own, so the names decide.
    private Endpoint Endpoint(HostFunction function, int order)
    {
        var binding = (HttpTriggerBinding)function.Binding;
        var endpoint = new HttpFunctionEndpoint(function, host, throttle, options, selfHost.WriteRefusal);
        var builder = new RouteEndpointBuilder(endpoint.InvokeAsync, binding.Route.Pattern, order) { DisplayName = function.Name };
        if (binding.Route.Methods.Count > 0)
            builder.Metadata.Add(new HttpMethodMetadata(binding.Route.Methods));
        return builder.Build();
    }

    // Routing answers a known path with an unknown method by an endpoint of its own, 405. The Functions host answers it with 404, as if nothing matched.
    private static RequestDelegate WrongMethodIsNotFound(RequestDelegate next) => http =>
    {
        if (http.GetEndpoint() is { } endpoint and not RouteEndpoint)
            http.SetEndpoint(null);
        return next(http);
    };
}
