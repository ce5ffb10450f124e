using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Where an invocation finds its middleware object.</summary>
internal static class MiddlewareResolution
{
    /// <summary>
    /// A singleton is taken from the root, so that the invocation needs no scope for it; a middleware that the application registered
    /// with another lifetime comes from the invocation's scope. Called when the pipeline is composed: all services are registered by then.
    /// </summary>
    public static Func<FunctionContext, T> For<T>(IServiceCollection services) where T : class, IFunctionsWorkerMiddleware =>
        services.Last(service => service.ServiceType == typeof(T) && !service.IsKeyedService).Lifetime == ServiceLifetime.Singleton
            ? static context => ((EmbeddedFunctionContext)context).RootServices.GetRequiredService<T>()
            : static context => context.InstanceServices.GetRequiredService<T>();
}
