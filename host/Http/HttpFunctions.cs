using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Larder.Host;

/// <summary>Makes every HTTP function an endpoint of ASP.NET Core's routing.</summary>
internal sealed class HttpFunctions(
    FunctionCatalog catalog, FunctionHost host, FunctionDispatcher dispatcher, HttpThrottle throttle, FunctionKeys keys, HttpOptions options)
{
    public void Configure(WebApplication app)
    {
        var functions = catalog.Functions
            .Where(function => function.Binding is HttpTriggerBinding)
            .Select(function => (Function: function, Binding: (HttpTriggerBinding)function.Binding))
            .ToList();
        var errors = new FunctionErrors();
        foreach (var (function, binding) in functions)
        foreach (var (other, _) in functions.TakeWhile(earlier => earlier.Function != function).Where(earlier => earlier.Binding.Route.ConflictsWith(binding.Route)))
            errors.Collect(() => throw function.Error($"The route specified conflicts with the route defined by function '{other.Name}'."));
        errors.Throw();

        app.Use(WrongMethodIsNotFound);
        var endpoints = functions.Select(item => Endpoint(item.Function, item.Binding)).ToArray();
        ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(endpoints));
    }

    private Endpoint Endpoint(HostFunction function, HttpTriggerBinding binding)
    {
        var endpoint = new HttpFunctionEndpoint(function, host, dispatcher, throttle, KeysFor(function, binding.Level), options);
        var builder = new RouteEndpointBuilder(endpoint.InvokeAsync, binding.Route.Pattern, order: 0) { DisplayName = function.Name };
        if (binding.Route.Methods.Count > 0)
            builder.Metadata.Add(new HttpMethodMetadata(binding.Route.Methods));
        return builder.Build();
    }

    private KeyRing? KeysFor(HostFunction function, AuthorizationLevel level) =>
        level == AuthorizationLevel.Anonymous || !keys.Any ? null
        : level == AuthorizationLevel.Admin ? keys.ForAdministrators()
        : keys.For(function.Name, [.. catalog.Functions.Select(other => other.Name)]);

    // Routing answers a known path with an unknown method by an endpoint of its own, 405. The Functions host answers it with 404, and so nothing matched.
    private static RequestDelegate WrongMethodIsNotFound(RequestDelegate next) => http =>
    {
        if (http.GetEndpoint() is { } endpoint and not RouteEndpoint)
            http.SetEndpoint(null);
        return next(http);
    };
}
