using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

/// <summary>
/// The services of one invocation. Singletons come from the application itself, so that an invocation that needs nothing else, and that is nearly
/// every one, makes no scope: that would be a third of what a short request allocates.
/// </summary>
/// <param name="context">The invocation, which makes the scope when one is needed.</param>
internal sealed class InvocationServices(HostFunctionContext context) : IKeyedServiceProvider
{
    public object? GetService(Type serviceType) =>
        (context.Host.Singletons.Contains(serviceType) ? context.Host.Services : context.ScopedServices).GetService(serviceType);

    public object? GetKeyedService(Type serviceType, object? serviceKey) =>
        ((IKeyedServiceProvider)context.ScopedServices).GetKeyedService(serviceType, serviceKey);

    public object GetRequiredKeyedService(Type serviceType, object? serviceKey) =>
        ((IKeyedServiceProvider)context.ScopedServices).GetRequiredKeyedService(serviceType, serviceKey);
}

/// <summary>Knows which services are singletons.</summary>
/// <param name="services">All that the application registered.</param>
internal sealed class SingletonTypes(IServiceCollection services)
{
    private readonly ConcurrentDictionary<Type, bool> _known = new();

    /// <summary>True only when it is certain: the last registration of this very type, or of its generic definition, is a singleton's.</summary>
    public bool Contains(Type type) => _known.GetOrAdd(type, static (type, services) => IsSingleton(type, services), services);

    private static bool IsSingleton(Type type, IServiceCollection services)
    {
        var registration = Last(type) ?? (type.IsConstructedGenericType ? Last(type.GetGenericTypeDefinition()) : null);
        return registration?.Lifetime == ServiceLifetime.Singleton;

        ServiceDescriptor? Last(Type service) => services.LastOrDefault(descriptor => descriptor.ServiceType == service && !descriptor.IsKeyedService);
    }
}
