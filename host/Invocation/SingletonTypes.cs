using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

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
